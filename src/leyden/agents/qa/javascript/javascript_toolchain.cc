#include "leyden/agents/qa/javascript/javascript_toolchain.h"

#include <algorithm>
#include <random>
#include <system_error>
#include <utility>

#include "leyden/agents/qa/javascript/javascript_answer.h"
#include "leyden/agents/qa/javascript/javascript_probes.h"
#include "leyden/agents/qa/javascript/javascript_source.h"
#include "leyden/agents/qa/javascript/javascript_strip.h"
#include "leyden/agents/qa/javascript/javascript_text.h"
#include "leyden/agents/qa/repeated_inputs.h"
#include "leyden/agents/qa/script_toolchain.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kSourceBytesMax = 2 * MiB;
constexpr std::chrono::milliseconds kMutantRunTime = 5s;
constexpr std::chrono::milliseconds kTestRunTime = 20s;     // Of one run of a test file.
constexpr std::chrono::milliseconds kProgramRunTime = 60s;  // Of one that starts whole programs,
constexpr auto kProgramRunTimeUsual = 15s;                  // most of which need less.
constexpr int kNodeOldest = 18;

bool is_typescript(const fs::path& file) {
  const fs::path end = file.extension();
  return end == ".ts" || end == ".mts" || end == ".cts";
}

bool has_jsx(syntax::Node node, std::size_t depth = 0) {
  if (depth > 400) return false;
  if (node.type().starts_with("jsx_")) return true;
  return std::ranges::any_of(node.named_children(),
                             [&](syntax::Node child) { return has_jsx(child, depth + 1); });
}

class JavascriptToolchain final : public ScriptToolchain {
 public:
  JavascriptToolchain(const sandbox::Sandbox& sandbox, JavascriptOptions options)
      : ScriptToolchain(sandbox, options.run_time_max), options_(std::move(options)) {
    language_ = syntax::Language::javascript;
  }

  Result<void> open(const fs::path& file, const std::stop_token& stop) {
    if (auto read = read_source(file); !read) return read;
    if (auto read = read_exports(); !read) return read;
    choose_modules();
    choose_test_path();
    node_ = options_.node.empty() ? "node" : options_.node;
    mount_interpreter(node_);
    if (auto copied = copy_project({".git", ".hg", ".svn", ".venv", "venv", "node_modules",
                                    "__pycache__", ".next", ".nuxt", ".cache", "coverage"},
                                   stop);
        !copied)
      return copied;
    if (auto made = mount_packages(); !made) return made;
    if (is_typescript(file_)) strip_copy();
    project_tests_ = files_in_copy(is_node_test);
    return look_at_runner(stop);
  }

  std::string module() const override { return specifier_; }
  ModelWords words() const override {
    return {
        .language = is_typescript(file_) ? "TypeScript (the tests in JavaScript)" : "JavaScript",
        .fence = "javascript",
        .runner =
            "node:test with node:assert/strict, each a call test(\"what it shows\", () => "
            "{ ... }) at the top",
        .import = test_is_esm_
                      ? fmt::format("import {{ {{}} }} from {};", quoted_text(specifier_))
                      : fmt::format("const {{ {{}} }} = require({});", quoted_text(specifier_))};
  }

  bool fits(const Type& type, const std::string& kind) const override {
    const bool nothing = kind == "undefined" || kind == "null";
    switch (type.kind) {
      case Type::Kind::boolean:
        return kind == "boolean";
      case Type::Kind::integer:
      case Type::Kind::real:
        return kind == "integer" || kind == "number";
      case Type::Kind::text:
        return kind == "string";
      case Type::Kind::list:
        return kind == "Array" || (kind != "boolean" && kind != "string" && kind != "integer" &&
                                   kind != "number" && !nothing);
      case Type::Kind::any_of:  // `number` is one, too.
        return nothing ||
               std::ranges::any_of(type.of, [&](const Type& one) { return fits(one, kind); });
      default:
        return true;
    }
  }

  std::string test_name(const Function& function, bool expects_error,
                        std::size_t number) const override {
    return fmt::format("{}{} {}", function.qualified_name(), expects_error ? " throws" : "",
                       number);
  }

  void rename(SourceTest& test, const std::string& name) const override {
    if (const std::size_t at = test.text.find(test.name); at < 40)
      test.text.replace(at, test.name.size(), name);
    test.name = name;
  }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    return javascript_tests_in(answer);
  }

  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return javascript_test_file(cases, written, functions_,
                                {.specifier = specifier_,
                                 .test_is_esm = test_is_esm_,
                                 .exports = &source_.exports,
                                 .makers = &source_.makers});
  }

  // Where time zones and languages may show: with all that is imported.
  Result<std::vector<std::size_t>> unrepeatable(std::span<const TestCase> cases,
                                                std::stop_token stop) override {
    static constexpr const char* kSigns[] = {"Date", "Intl", "toLocale", "require(", "import"};
    const bool may = std::ranges::any_of(
        kSigns, [&](const char* sign) { return text_.find(sign) != std::string::npos; });
    if (!may || cases.empty()) return std::vector<std::size_t>{};
    auto lines = ask_driver(request_with("repeat", cases), stop);
    if (!lines) return std::unexpected(lines.error());
    return inputs_that_differ(*lines, cases.size());
  }

 private:
  Result<void> read_exports() {
    const std::string shown = file_.string();
    if (file_.extension() == ".tsx" || file_.extension() == ".jsx" || file_.extension() == ".cts")
      return fail(Errc::unsupported, "{}: Node can't run {} files without a build", shown,
                  file_.extension().string());
    const bool typed = is_typescript(file_);
    auto tree =
        syntax::parse(typed ? syntax::Language::typescript : syntax::Language::javascript, text_);
    if (!tree) return std::unexpected(tree.error());
    if (has_jsx(tree->root()))
      return fail(Errc::unsupported, "{} has JSX, which Node can't run without a build", shown);
    source_ = javascript_source(*tree, text_);
    examples_ = source_.examples;
    if (auto taken = take_functions(*tree, source_.functions,
                                    "exports no function and no class that a test could call");
        !taken)
      return taken;
    std::string whole = text_;
    if (typed) {
      auto stripped = javascript_of_typescript(text_);
      if (!stripped) return fail(stripped.error().code, "{}: {}", shown, stripped.error().message);
      // Mutants are changes of the text; what runs has the additions as well.
      text_ = stripped->text;
      additions_ = stripped->additions;
      whole = stripped->whole();
      tree = syntax::parse(language_, whole);
      if (!tree) return std::unexpected(tree.error());
    }
    probed_ = probed_javascript(*tree, whole);
    return {};
  }

  // As Node decides it: by the ending, by package.json; what has neither and imports or exports is an ES module for newer ones.
  void choose_modules() {
    const fs::path end = file_.extension();
    if (end == ".mjs" || is_typescript(file_)) {
      esm_ = test_is_esm_ = true;
      return;
    }
    if (end == ".cjs") return;
    std::error_code ignored;
    for (fs::path folder = file_.parent_path(); folder.has_relative_path();
         folder = folder.parent_path()) {
      if (fs::exists(folder / "package.json", ignored)) {
        auto text = read_file(folder / "package.json", kSourceBytesMax);
        const Json package = text ? Json::parse(*text, nullptr, false) : Json();
        package_is_esm_ = package.is_object() && package.value("type", Json()) == "module";
        break;
      }
      if (folder == root_) break;
    }
    esm_ = package_is_esm_ || source_.is_esm;
    detected_ = esm_ && !package_is_esm_;
    test_is_esm_ = esm_;
  }

  void choose_test_path() {
    std::error_code ignored;
    const fs::path below = file_.parent_path().lexically_relative(root_);
    fs::path tests;
    if (fs::is_directory(file_.parent_path() / "__tests__", ignored)) tests = below / "__tests__";
    for (const char* one : {"test", "tests", "__tests__"}) {
      if (tests.empty() && fs::is_directory(root_ / one, ignored)) tests = one;
    }
    if (tests.empty()) tests = below;
    // The ending says what kind of module the test is, where package.json does not.
    const std::string end = file_.extension() == ".cjs"                  ? ".cjs"
                            : test_is_esm_ && file_.extension() != ".js" ? ".mjs"
                            : detected_                                  ? ".mjs"
                                                                         : ".js";
    std::string stem = file_.stem().string() + ".test";
    if (fs::exists(root_ / tests / (stem + end), ignored))
      stem = file_.stem().string() + ".leyden.test";
    test_path_ = (tests / (stem + end)).lexically_normal();
    fs::path way = file_.lexically_relative(root_).lexically_relative(test_path_.parent_path());
    if (test_path_.parent_path().empty()) way = file_.lexically_relative(root_);
    specifier_ = way.generic_string();
    if (!specifier_.starts_with("../")) specifier_ = "./" + specifier_;
  }

  // Packages of the project, of the folders down to the file, and the nearest above the project.
  Result<void> mount_packages() {
    std::error_code ignored;
    fs::path below;
    std::vector<fs::path> folders = {below};
    for (const fs::path& part : file_.parent_path().lexically_relative(root_)) {
      if (part == "." || part.empty()) continue;
      below /= part;
      folders.push_back(below);
    }
    for (const fs::path& folder : folders) {
      if (auto shown = show_folder(folder / "node_modules"); !shown) return shown;
    }
    for (fs::path above = root_.parent_path(); above.has_relative_path();
         above = above.parent_path()) {
      if (!fs::is_directory(above / "node_modules", ignored)) continue;
      mounts_in_project_.push_back(
          {.host = fs::canonical(above / "node_modules", ignored), .inside = "/node_modules"});
      break;
    }
    return {};
  }

  // The other TypeScript files of the project, as far as it can be done: what needs one of the rest says so.
  void strip_copy() {
    std::error_code ignored;
    for (fs::recursive_directory_iterator entry(copy_->path(), ignored), end; entry != end;
         entry.increment(ignored)) {
      const fs::path& file = entry->path();
      if (!is_typescript(file) || !entry->is_regular_file(ignored) || entry->is_symlink(ignored) ||
          file.string().ends_with(".d.ts"))
        continue;
      auto text = read_file(file, kSourceBytesMax);
      if (!text) continue;
      if (auto stripped = javascript_of_typescript(*text)) {
        if (auto written = write_readable(file, stripped->whole()); !written) return;
      }
    }
  }

  static bool is_node_test(const fs::path& file) {
    const fs::path ending = file.extension();
    if (ending != ".js" && ending != ".mjs" && ending != ".cjs") return false;
    auto text = read_file(file, kSourceBytesMax);
    return text && (text->find("\"node:test\"") != std::string::npos ||
                    text->find("'node:test'") != std::string::npos);
  }

  Result<void> look_at_runner(const std::stop_token& stop) {
    auto told = output_of({node_.string(), "--version"}, stop);
    if (!told && told.error().code == Errc::not_found)
      return fail(Errc::unsupported,
                  "there is no {} in the sandbox: install Node {} or newer, or name it with --node",
                  node_.string(), kNodeOldest);
    if (!told && told.error().code != Errc::unsupported) return std::unexpected(told.error());
    int major = 0;
    int minor = 0;
    if (!told || std::sscanf(told->c_str(), "v%d.%d", &major, &minor) != 2)
      return fail(Errc::unsupported, "{} is not Node: it says {}", node_.string(),
                  told ? *told : told.error().message);
    if (major < kNodeOldest)
      return fail(Errc::unsupported, "{} is Node {}: node:test needs {} or newer", node_.string(),
                  major, kNodeOldest);
    if (detected_ && (major < 20 || (major == 20 && minor < 19)))
      return fail(Errc::unsupported,
                  "{} uses import or export, but Node {} takes it for CommonJS: name it .mjs, or "
                  "put \"type\": \"module\" into package.json",
                  file_.filename().string(), major);
    runner_ = fmt::format("node:test of Node {}.{}", major, minor);
    return {};
  }

  std::vector<std::pair<std::string, std::string>> environment() const override {
    return {{"LEYDEN_REQUEST", kRequestFile}, {"NODE_NO_WARNINGS", "1"}, {"TZ", "UTC"}};
  }

  // V8 wants some ten threads a process and more memory than it uses.
  sandbox::SandboxLimits limits(std::chrono::milliseconds wall_time) const override {
    sandbox::SandboxLimits out;
    out.wall_time = wall_time;
    out.cpu_time = 2 * wall_time;
    out.memory_bytes = 2 * GiB;
    out.process_count = 192;
    return with_room(out);
  }

  Json json_of_additions() const {
    Json out = Json::array();
    for (const StrippedTypescript::Addition& one : additions_) out.push_back({one.at, one.text});
    return out;
  }

  Json request_for(std::string_view mode) const override {
    Json exports = Json::array();
    for (const auto& [name, how] : source_.exports) {
      const char* way = how.way == JavascriptExport::Way::named        ? "named"
                        : how.way == JavascriptExport::Way::by_default ? "default"
                                                                       : "whole";
      exports.push_back({name, way, how.name});
    }
    return {{"file", inside_file_},
            {"esm", esm_},
            {"text", text_},
            {"additions", json_of_additions()},
            {"probed", probed_.text},
            {"probes", probed_.probes.size()},
            {"exports", std::move(exports)},
            {"mode", mode},
            {"limit_ms", options_.call_time.count()},
            {"loader", is_typescript(file_)},
            {"hidden", source_.hidden},
            {"mutants", Json::array()}};
  }

  static Json run_of(const std::string& name, const fs::path& file, const std::string& variant,
                     std::chrono::milliseconds time) {
    return {{"name", name},
            {"file", std::string(kProject) + "/" + file.string()},
            {"variant", variant},
            {"limit_ms", time.count()}};
  }

  Json json_of_input(const Input& input) const override {
    const JavascriptCall call = javascript_call(input, functions_, source_.makers);
    return {{"setup", call.setup},
            {"arguments", call.arguments},
            {"call", call.call},
            {"receiver", call.receiver.empty() ? "undefined" : call.receiver}};
  }

  Arcs arcs_of(const Json& reached) const override {
    return probed_.arcs_of(reached.get<std::vector<std::size_t>>());
  }
  Json json_of(const Arcs& arcs) const override { return probed_.seen_in(arcs); }
  Goals goals() const override { return probed_.goals(); }

  Result<std::vector<Json>> ask_driver(const Json& request, const std::stop_token& stop) override {
    std::vector<std::string> argv = {node_.string()};
    if (esm_) {
      argv.emplace_back("--experimental-loader");
      argv.push_back(std::string("file://") + kDrivers + "/loader.mjs");
    }
    argv.insert(argv.end(), {std::string(kDrivers) + "/driver.cjs", kAnswersFile});
    return run(std::move(argv), request, run_time_max_, stop);
  }

  // The file as it is, files in which its tests stand in other orders, one for each test alone, and one run for each mutant. Of the
  // project's own every file is a run.
  Result<std::vector<Json>> run_job(const TestJob& job, const std::stop_token& stop) override {
    Json request = request_for("tests");
    request["first_decides"] = job.first_decides;
    request["runs"] = Json::array();
    request["mutants"] = json_of_mutants(job.mutants);
    const auto add = [&](const std::string& name, const fs::path& file, const std::string& variant,
                         std::chrono::milliseconds time) {
      request["runs"].push_back(
          {{"name", name},
           {"file", std::string(kProject) + "/" + file.string()},
           {"variant", variant},
           {"limit_ms",
            (starts_programs() ? kProgramRunTime : std::min(time, kTestRunTime)).count()}});
    };
    std::vector<fs::path> written;
    Result<void> put;
    if (job.file.empty()) {
      for (const std::string& path : project_tests_) add(path, path, "probes", job.run_time);
      if (!job.text.empty()) add(test_path_, test_path_, "", job.run_time);
    } else {
      add("run 0", job.file, job.measure ? "probes" : "", job.run_time);
      for (const std::string& text : arrangements(job)) {
        if (!put) break;
        // Of the same kind, in the same folder.
        written.push_back(job.file.parent_path() / fmt::format("leyden-{}.{}", written.size() + 1,
                                                               job.file.filename().string()));
        put = write_readable(copy_->path() / written.back(), text);
        add(fmt::format("run {}", written.size()), written.back(), "", job.run_time);
      }
    }
    for (std::size_t i = 0; i < job.mutants.size(); ++i)
      add(fmt::format("mutant {}", i), job.file, std::to_string(i), kMutantRunTime);
    std::chrono::milliseconds time = std::max(job.run_time, run_time_max_) + 60s;
    if (starts_programs())
      time = kProgramRunTime + kProgramRunTimeUsual * static_cast<int>(request["runs"].size());
    auto lines = put ? run({node_.string(), std::string(kDrivers) + "/test_runs.cjs", kAnswersFile},
                           request, time, stop)
                     : std::unexpected(put.error());
    std::error_code ignored;
    for (const fs::path& place : written) fs::remove(copy_->path() / place, ignored);
    if (lines && job.file.empty()) name_by_file(*lines);
    return lines;
  }

  // Two files of a project may have tests of one name.
  static void name_by_file(std::vector<Json>& lines) {
    for (Json& line : lines) {
      if (!line.contains("run")) continue;
      for (Json& outcome : line["outcomes"])
        outcome[0] = line["run"].get<std::string>() + ": " + outcome[0].get<std::string>();
    }
  }

  static std::vector<std::string> arrangements(const TestJob& job) {
    const std::string text(job.text);
    const std::vector<PlacedTest> tests = javascript_placed_tests(text);
    std::vector<std::string> out;
    std::mt19937_64 engine(job.seed);
    for (std::size_t i = 0; i < job.shuffled; ++i) {
      std::vector<std::size_t> order(tests.size());
      for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
      for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[engine() % k]);
      out.push_back(arranged(text, tests, order));
    }
    for (std::size_t i = 0; job.alone && i < tests.size(); ++i)
      out.push_back(arranged(text, tests, {i}));
    return out;
  }

  // The tests at these places, in this order; whoever is not named is left out.
  static std::string arranged(const std::string& text, const std::vector<PlacedTest>& tests,
                              const std::vector<std::size_t>& order) {
    std::string out;
    std::size_t at = 0;
    for (std::size_t i = 0; i < tests.size(); ++i) {
      out += text.substr(at, tests[i].begin - at);
      if (i < order.size())
        out += text.substr(tests[order[i]].begin, tests[order[i]].end - tests[order[i]].begin);
      at = tests[i].end;
    }
    return out + text.substr(at);
  }

  JavascriptOptions options_;
  JavascriptSource source_;
  std::vector<StrippedTypescript::Addition> additions_;  // To the text.
  ProbedJavascript probed_;
  bool esm_ = false;
  bool package_is_esm_ = false;
  bool detected_ = false;  // An ES module by what it says only.
  bool test_is_esm_ = false;
  std::string specifier_;  // Of the file, from its test.
  fs::path node_;
};

}  // namespace

Result<std::unique_ptr<Toolchain>> open_javascript(const sandbox::Sandbox& sandbox,
                                                   const fs::path& file,
                                                   const JavascriptOptions& options,
                                                   std::stop_token stop) {
  auto out = std::make_unique<JavascriptToolchain>(sandbox, options);
  if (auto opened = out->open(file, stop); !opened) return std::unexpected(opened.error());
  return out;
}

}  // namespace leyden::qa
