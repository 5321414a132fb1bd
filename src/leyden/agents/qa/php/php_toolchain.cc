#include "leyden/agents/qa/php/php_toolchain.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "leyden/agents/qa/php/php_source.h"
#include "leyden/agents/qa/php/php_text.h"
#include "leyden/agents/qa/script_toolchain.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class PhpToolchain final : public ScriptToolchain {
 public:
  PhpToolchain(const sandbox::Sandbox& sandbox, PhpOptions options)
      : ScriptToolchain(sandbox, options.run_time_max), options_(std::move(options)) {
    language_ = syntax::Language::php;
  }

  Result<void> open(const fs::path& file, const std::stop_token& stop) {
    if (auto read = read_source(file); !read) return read;
    auto tree = syntax::parse(language_, text_);
    if (!tree) return std::unexpected(tree.error());
    PhpSource source = php_source(*tree, text_);
    examples_ = std::move(source.examples);
    space_ = std::move(source.space);
    if (auto taken = take_functions(*tree, std::move(source.functions),
                                    "has no function and no public method that a test could call");
        !taken)
      return taken;
    choose_test_path();
    if (auto copied = copy_project({".git", ".hg", ".svn", "node_modules", "vendor", "var"}, stop);
        !copied)
      return copied;
    if (auto shown = show_folder("vendor"); !shown) return shown;
    project_tests_ = files_in_copy(
        [](const fs::path& one) { return one.filename().string().ends_with("Test.php"); });
    interpreter_ = options_.interpreter.empty() ? "php" : options_.interpreter;
    mount_interpreter(interpreter_);
    return look_at_runner(stop);
  }

  std::string module() const override { return required_.back(); }
  ModelWords words() const override {
    return {.language = "PHP",
            .fence = "php",
            .runner =
                "PHPUnit: a class that extends PHPUnit\\Framework\\TestCase, with public "
                "methods test...(): void",
            .import = space_.empty() ? "// {} is loaded" : "use " + space_ + "\\{};"};
  }

  bool fits(const Type& type, const std::string& kind) const override {
    switch (type.kind) {  // What is declared PHP itself holds to: these are phpdoc's.
      case Type::Kind::boolean:
        return kind == "bool";
      case Type::Kind::integer:
        return kind == "int";
      case Type::Kind::text:
        return kind == "string";
      case Type::Kind::list:
        return kind != "null" && kind != "string" && kind != "int" && kind != "bool";
      default:
        return true;
    }
  }

  std::string test_name(const Function& function, bool expects_error,
                        std::size_t number) const override {
    std::string name = function.name;
    while (name.starts_with('_')) name.erase(0, 1);
    return fmt::format("test{}{}{}{}", pascal_case(function.class_name), pascal_case(name),
                       expects_error ? "Throws" : "", number);
  }
  void rename(SourceTest& test, const std::string& name) const override {
    if (const std::size_t at = test.text.find("function " + test.name); at != std::string::npos)
      test.text.replace(at + 9, test.name.size(), name);
    test.name = name;
  }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    return php_tests_in(answer);
  }
  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return php_test_file(
        cases, written, functions_,
        {.space = space_, .required = required_, .class_name = test_path_.stem().string()});
  }

 private:
  void choose_test_path() {
    std::error_code ignored;
    const fs::path inside = file_.lexically_relative(root_);
    fs::path tests = inside.parent_path();
    for (const char* one : {"test", "tests/unit", "tests/Unit", "tests"}) {
      if (fs::is_directory(root_ / one, ignored)) tests = one;
      if (tests == one && fs::is_directory(root_ / "tests/Unit", ignored)) tests = "tests/Unit";
    }
    const std::string stem = pascal_case(file_.stem().string());
    std::string name = stem + "Test.php";
    if (fs::exists(root_ / tests / name, ignored)) name = stem + "LeydenTest.php";
    test_path_ = (tests / name).lexically_normal();
    const fs::path from = test_path_.parent_path();
    const auto way = [&](const fs::path& to) {
      return "/" + (from.empty() ? to : to.lexically_relative(from)).generic_string();
    };
    if (fs::exists(root_ / "vendor/autoload.php", ignored)) {
      required_.push_back(way("vendor/autoload.php"));
      autoload_ = std::string(kProject) + "/vendor/autoload.php";
    }
    required_.push_back(way(inside));
  }

  Result<void> look_at_runner(const std::stop_token& stop) {
    std::vector<std::string> argv = php("coverage");
    argv.insert(
        argv.end(),
        {"-r", "foreach (['" + autoload_ +
                   "', 'PHPUnit/Autoload.php', 'PHPUnit/autoload.php'] as $f) { if ($f !== '' && "
                   "!class_exists('PHPUnit\\Framework\\TestCase') && ($p = "
                   "stream_resolve_include_path($f))) { require_once $p; $used = $p; } } "
                   "echo PHP_VERSION_ID >= 80100 ? 1 : 0, "
                   "function_exists('xdebug_start_code_coverage') && "
                   "in_array('coverage', xdebug_info('mode'), true) ? 1 : 0, "
                   "class_exists('PHPUnit\\Framework\\TestCase') ? 1 : 0, ' ', $used ?? '', ' ', "
                   "class_exists('PHPUnit\\Runner\\Version') ? PHPUnit\\Runner\\Version::id() : "
                   "'', ' ', PHP_VERSION;"});
    auto told = output_of(std::move(argv), stop);
    if (!told && told.error().code != Errc::unsupported && told.error().code != Errc::not_found)
      return std::unexpected(told.error());
    const auto missing = [&](const char* what) {
      return fail(Errc::unsupported, "{} {}, or name another PHP with --php", interpreter_.string(),
                  what);
    };
    if (!told || told->size() < 3 || (*told)[0] != '1') return missing("is not PHP 8.1 or newer");
    if ((*told)[1] != '1') return missing("has no Xdebug: install it (Debian: php-xdebug)");
    if ((*told)[2] != '1')
      return missing("finds no PHPUnit: `composer require --dev phpunit/phpunit`");
    const auto parts = parts_of(*told, ' ');
    phpunit_ = parts.at(1);
    runner_ = fmt::format("PHPUnit {} on PHP {}", parts.at(2), parts.at(3));
    return {};
  }

  std::vector<std::string> php(std::string_view xdebug_mode) const {
    return {interpreter_.string(),
            "-d",
            fmt::format("xdebug.mode={}", xdebug_mode),
            "-d",
            "pcov.enabled=0",
            "-d",
            "memory_limit=256M",
            "-d",
            "display_errors=stderr",
            "-d",
            "zend.assertions=1"};
  }
  std::vector<std::string> argv_of(std::string_view driver, bool counts) const {
    std::vector<std::string> out = php(counts ? "coverage" : "off");
    out.insert(out.end(), {"-d", fmt::format("auto_prepend_file={}/php_filter.php", kDrivers)});
    out.insert(out.end(), {fmt::format("{}/{}", kDrivers, driver), kRequestFile, kAnswersFile});
    return out;
  }
  Result<std::vector<Json>> ask_driver(const Json& request, const std::stop_token& stop) override {
    const bool counts = request["mode"] == "explore" || request["mode"] == "confirm";
    return run(argv_of("driver.php", counts), request, run_time_max_, stop);
  }

  Json request_for(std::string_view mode) const override {
    const auto limit = mode == "explore" ? options_.search_call_time : options_.call_time;
    Json autoload = Json::array();
    if (!autoload_.empty()) autoload.push_back(autoload_);
    return {{"file", inside_file_},
            {"autoload", std::move(autoload)},
            {"head", space_.empty() ? "" : "namespace " + space_ + ";"},
            {"mode", mode},
            {"limit_s", std::chrono::duration<double>(limit).count()}};
  }

  Json json_of_input(const Input& input) const override {
    const ScriptCall call = php_writer().call_of(input, functions_);
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
    request["autoload"] = Json::array();
    if (!autoload_.empty()) request["autoload"].push_back(autoload_);
    if (phpunit_ != autoload_) request["autoload"].push_back(phpunit_);
    return run(argv_of("phpunit_runs.php", job.measure), request,
               std::max(job.run_time + 30s, run_time_max_), stop);
  }

  PhpOptions options_;
  std::string space_;
  std::vector<std::string> required_;  // From the test's place; the tested file last.
  std::string autoload_;               // Composer's; empty: there is none.
  std::string phpunit_;                // What loads it.
  fs::path interpreter_;
};

}  // namespace

Result<std::unique_ptr<Toolchain>> open_php(const sandbox::Sandbox& sandbox, const fs::path& file,
                                            const PhpOptions& options, std::stop_token stop) {
  auto out = std::make_unique<PhpToolchain>(sandbox, options);
  if (auto opened = out->open(file, stop); !opened) return std::unexpected(opened.error());
  return out;
}

}  // namespace leyden::qa
