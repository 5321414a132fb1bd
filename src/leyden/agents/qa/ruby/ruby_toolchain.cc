#include "leyden/agents/qa/ruby/ruby_toolchain.h"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "leyden/agents/qa/ruby/ruby_source.h"
#include "leyden/agents/qa/ruby/ruby_text.h"
#include "leyden/agents/qa/script_toolchain.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kSourceBytesMax = 2 * MiB;

class RubyToolchain final : public ScriptToolchain {
 public:
  RubyToolchain(const sandbox::Sandbox& sandbox, RubyOptions options)
      : ScriptToolchain(sandbox, options.run_time_max), options_(std::move(options)) {
    language_ = syntax::Language::ruby;
  }

  Result<void> open(const fs::path& file, const std::stop_token& stop) {
    if (auto read = read_source(file); !read) return read;
    auto tree = syntax::parse(language_, text_);
    if (!tree) return std::unexpected(tree.error());
    RubySource source = ruby_source(*tree, text_);
    examples_ = std::move(source.examples);
    if (auto taken = take_functions(*tree, std::move(source.functions),
                                    "has no method that a test could call");
        !taken)
      return taken;
    choose_test_path();
    if (auto copied =
            copy_project({".git", ".hg", ".svn", "node_modules", "vendor", "tmp", "log"}, stop);
        !copied)
      return copied;
    project_tests_ = files_in_copy(is_minitest);
    interpreter_ = options_.interpreter.empty() ? "ruby" : options_.interpreter;
    mount_interpreter(interpreter_);
    return look_at_runner(stop);
  }

  std::string module() const override { return required_; }
  ModelWords words() const override {
    return {.language = "Ruby",
            .fence = "ruby",
            .runner = "Minitest: a class that inherits Minitest::Test, with methods test_...",
            .import = fmt::format("require_relative {}  # {{}}", quoted_text(required_))};
  }

  bool fits(const Type& type, const std::string& kind) const override {
    switch (type.kind) {
      case Type::Kind::boolean:
        return kind == "TrueClass" || kind == "FalseClass";
      case Type::Kind::integer:
        return kind == "Integer" || kind == "Float" || kind == "Rational";
      case Type::Kind::real:
        return kind != "NilClass" && kind != "String" && kind != "Array";
      case Type::Kind::text:
        return kind == "String";
      case Type::Kind::list:
        return kind != "NilClass" && kind != "String" && kind != "Integer";
      default:
        return true;
    }
  }

  std::string test_name(const Function& function, bool expects_error,
                        std::size_t number) const override {
    static const std::map<std::string_view, std::string_view> kSigns = {
        {"==", "equal"},  {"<=>", "compare"}, {"+", "plus"},      {"-", "minus"},
        {"*", "times"},   {"/", "divided"},   {"[]", "element"},  {"[]=", "set_element"},
        {"<<", "append"}, {"<", "less"},      {">", "greater"},   {"%", "modulo"},
        {"**", "power"},  {"<=", "at_most"},  {">=", "at_least"}, {"-@", "negated"}};
    const auto sign = kSigns.find(function.name);
    std::string name = sign != kSigns.end() ? std::string(sign->second) : snake_case(function.name);
    std::erase_if(name,
                  [](char c) { return c != '_' && !std::isalnum(static_cast<unsigned char>(c)); });
    const std::string of = function.class_name.substr(function.class_name.find_last_of(':') + 1);
    return fmt::format("test_{}{}{}_{}", of.empty() ? "" : snake_case(of) + "_", name,
                       expects_error ? "_raises" : "", number);
  }
  void rename(SourceTest& test, const std::string& name) const override {
    if (const std::size_t at = test.text.find("def " + test.name); at != std::string::npos)
      test.text.replace(at + 4, test.name.size(), name);
    test.name = name;
  }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    return ruby_tests_in(answer);
  }
  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return ruby_test_file(
        cases, written, functions_,
        {.required = required_, .class_name = pascal_case(test_path_.stem().string())});
  }

 private:
  static bool is_minitest(const fs::path& file) {
    const std::string name = file.filename().string();
    if (!name.ends_with("_test.rb") && !(name.starts_with("test_") && name.ends_with(".rb")))
      return false;
    auto text = read_file(file, kSourceBytesMax);
    return text && (text->find("minitest") != std::string::npos ||
                    text->find("test_helper") != std::string::npos);
  }

  // As the project names its tests: test/shop_test.rb or test/test_shop.rb.
  void choose_test_path() {
    std::error_code ignored;
    const fs::path below = file_.parent_path().lexically_relative(root_);
    const bool has_folder = fs::is_directory(root_ / "test", ignored);
    const fs::path tests = has_folder ? fs::path("test") : below;
    const std::string stem = file_.stem().string();
    std::string name = stem + "_test.rb";
    for (fs::directory_iterator entry(root_ / tests, ignored), end; entry != end;
         entry.increment(ignored)) {
      const std::string known = entry->path().filename().string();
      if (known.starts_with("test_") && known.ends_with(".rb") && known != "test_helper.rb")
        name = "test_" + stem + ".rb";
    }
    if (fs::exists(root_ / tests / name, ignored))
      name = name.starts_with("test_") ? "test_" + stem + "_leyden.rb" : stem + "_leyden_test.rb";
    test_path_ = (tests / name).lexically_normal();
    const fs::path inside = file_.lexically_relative(root_);
    const fs::path way = test_path_.parent_path().empty()
                             ? inside
                             : inside.lexically_relative(test_path_.parent_path());
    required_ = fs::path(way).replace_extension().generic_string();
  }

  Result<void> look_at_runner(const std::stop_token& stop) {
    auto told = output_of({interpreter_.string(), "-rminitest", "-e",
                           "puts \"minitest #{Minitest::VERSION} on Ruby #{RUBY_VERSION}\""},
                          stop);
    if (!told && (told.error().code == Errc::unsupported || told.error().code == Errc::not_found))
      return fail(Errc::unsupported,
                  "{} can't load minitest: install both (`gem install minitest`), or name an "
                  "interpreter that has it with --ruby",
                  interpreter_.string());
    if (!told) return std::unexpected(told.error());
    runner_ = *std::move(told);
    return {};
  }

  Result<std::vector<Json>> ask_driver(const Json& request, const std::stop_token& stop) override {
    return run(argv_of("driver.rb"), request, run_time_max_, stop);
  }
  std::vector<std::string> argv_of(std::string_view driver) const {
    return {interpreter_.string(), "-W0", fmt::format("{}/{}", kDrivers, driver), kRequestFile,
            kAnswersFile};
  }

  Json load_path() const { return {std::string(kProject) + "/lib", kProject}; }

  Json request_for(std::string_view mode) const override {
    const auto limit = mode == "explore" ? options_.search_call_time : options_.call_time;
    return {{"file", inside_file_},
            {"load_path", load_path()},
            {"mode", mode},
            {"limit_s", std::chrono::duration<double>(limit).count()}};
  }

  Json json_of_input(const Input& input) const override {
    const ScriptCall call = ruby_writer().call_of(input, functions_);
    return {{"setup", call.setup},
            {"arguments", call.arguments},
            {"call", call.call},
            {"receiver", call.receiver}};
  }

  std::vector<std::pair<std::string, std::string>> environment() const override {
    return {{"TZ", "UTC"}};
  }

  Result<std::vector<Json>> run_job(const TestJob& job, const std::stop_token& stop) override {
    Json request = request_of(job);
    request["load_path"] = load_path();
    return run(argv_of("minitest_runs.rb"), request, std::max(job.run_time + 30s, run_time_max_),
               stop);
  }

  RubyOptions options_;
  std::string required_;  // From the test's place.
  fs::path interpreter_;
};

}  // namespace

Result<std::unique_ptr<Toolchain>> open_ruby(const sandbox::Sandbox& sandbox, const fs::path& file,
                                             const RubyOptions& options, std::stop_token stop) {
  auto out = std::make_unique<RubyToolchain>(sandbox, options);
  if (auto opened = out->open(file, stop); !opened) return std::unexpected(opened.error());
  return out;
}

}  // namespace leyden::qa
