#include "leyden/agents/qa/javascript/javascript_toolchain.h"

#include <algorithm>
#include <array>
#include <random>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "leyden/agents/qa/driver_folder.h"
#include "leyden/agents/qa/javascript/javascript_probes.h"
#include "leyden/agents/qa/javascript/javascript_source.h"
#include "leyden/agents/qa/javascript/javascript_strip.h"
#include "leyden/agents/qa/javascript/javascript_text.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/sandbox/project_copy.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr double kQuickMs = 8;
constexpr std::size_t kSourceBytesMax = 2 * MiB;
constexpr auto kJudgedRunTime = 10s;
constexpr auto kMutantRunTime = 5s;
constexpr std::size_t kJudgedRuns = 4;        // Behind the first.
constexpr auto kTestRunTime = 20s;            // Of one run of a test file.
constexpr auto kProjectTestsTime = 120s;      // Of all of the project's tests.
constexpr std::size_t kProjectTestsMax = 50;  // Files.
constexpr int kNodeOldest = 18;
constexpr const char* kProject = "/project";

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

class JavascriptToolchain final : public Toolchain {
 public:
  JavascriptToolchain(const sandbox::Sandbox& sandbox, JavascriptOptions options)
      : sandbox_(sandbox), options_(std::move(options)) {}

  Result<void> open(const fs::path& file, const std::stop_token& stop) {
    std::error_code error;
    file_ = fs::canonical(file, error);
    if (error || !fs::is_regular_file(file_))
      return fail(Errc::not_found, "{} is no file", file.string());
    if (auto read = read_source(file); !read) return read;
    root_ = project_root(file_);
    choose_modules();
    choose_test_path();
    node_ = options_.node.empty() ? "node" : options_.node;
    if (node_.is_absolute()) {
      std::error_code ignored;
      const fs::path folder = fs::canonical(node_, ignored).parent_path().parent_path();
      if (!folder.empty() && folder != "/" && folder != "/usr" && folder != "/usr/local")
        mounts_.push_back({.host = folder, .inside = folder.string()});
    }
    auto copy = sandbox::ProjectCopy::make(
        root_,
        {.leave_out = {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__",
                       ".next", ".nuxt", ".cache", "coverage"}},
        stop);
    if (!copy) return std::unexpected(copy.error());
    copy_ = *std::move(copy);
    if (auto made = mount_packages(); !made) return made;
    if (is_typescript(file_)) strip_copy();
    project_tests_ = test_files();
    auto drivers = DriverFolder::make();
    if (!drivers) return std::unexpected(drivers.error());
    drivers_ = *std::move(drivers);
    return look_at_runner(stop);
  }

  const std::vector<Function>& functions() const override { return source_.functions; }
  std::string module() const override { return specifier_; }
  std::string runner() const override { return runner_; }
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

  Result<std::vector<Mutant>> mutants(std::size_t per_function_max) const override {
    auto tree = syntax::parse(syntax::Language::javascript, text_);
    if (!tree) return std::unexpected(tree.error());
    return mutants_of(*tree, text_, source_.functions, per_function_max);
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

  Result<Exploration> explore(std::span<const Input> inputs, const Arcs& seen,
                              std::stop_token stop) override {
    Exploration out;
    out.reached = seen;
    out.goals = probed_.goals();
    // Where an input ends the process, the others go on in a new one.
    for (std::size_t first = 0; first < inputs.size();) {
      Json request = request_for("explore");
      request["seen"] = probed_.seen_in(out.reached);
      request["inputs"] = json_of_inputs(inputs.subspan(first));
      auto lines = run_driver(request, stop);
      if (!lines) return std::unexpected(lines.error());
      std::size_t begun = 0;
      bool done = false;
      for (const Json& line : *lines) {
        if (line.contains("loaded")) {
          out.loaded = arcs_of(line["loaded"]);
          out.reached.insert(out.loaded.begin(), out.loaded.end());
        } else if (line.contains("begin")) {
          begun = line["begin"].get<std::size_t>() + 1;
        } else if (line.contains("input")) {
          note(line, first, out);
        }
        done = done || line.contains("done");
      }
      if (done) break;
      if (begun == 0)
        return fail(Errc::unavailable, "{} can't be loaded: {}", file_.string(),
                    drivers_->last_trouble());
      ++out.timed_out;
      first += begun;
    }
    return out;
  }

  Result<std::vector<Observation>> observe(std::span<const Input> inputs,
                                           std::stop_token stop) override {
    std::vector<Observation> out(inputs.size());
    for (std::size_t first = 0; first < inputs.size();) {
      Json request = request_for("confirm");
      request["inputs"] = json_of_inputs(inputs.subspan(first));
      auto lines = run_driver(request, stop);
      if (!lines) return std::unexpected(lines.error());
      std::size_t begun = 0;
      bool done = false;
      for (const Json& line : *lines) {
        if (line.contains("begin")) begun = line["begin"].get<std::size_t>() + 1;
        if (line.contains("input")) {
          const std::size_t at = first + line["input"].get<std::size_t>();
          if (at >= out.size()) continue;
          out[at] = observation_of(line);
          out[at].arcs = arcs_of(line.value("reached", Json::array()));
        }
        done = done || line.contains("done");
      }
      if (done) break;
      first += std::max<std::size_t>(begun, 1);
    }
    return out;
  }

  Result<Kills> kill(std::span<const Mutant> mutants,
                     const std::vector<std::vector<std::size_t>>& by_function,
                     std::span<const TestCase> cases, std::stop_token stop) override {
    Kills out{.killer = std::vector<std::optional<std::size_t>>(mutants.size()),
              .invalid = std::vector<bool>(mutants.size())};
    Json request = request_for("mutants");
    request["inputs"] = Json::array();
    for (const TestCase& one : cases) {
      Json input = json_of_input(one.input);
      input["expected"] = Json::parse(one.expected.told);
      request["inputs"].push_back(std::move(input));
    }
    request["mutants"] = Json::array();
    for (const Mutant& mutant : mutants) {
      request["mutants"].push_back({{"begin", mutant.begin},
                                    {"end", mutant.end},
                                    {"text", mutant.text},
                                    {"inputs", by_function[mutant.function]},
                                    {"skip", by_function[mutant.function].empty()}});
    }
    for (std::size_t rounds = 0; rounds <= mutants.size(); ++rounds) {
      auto lines = run_driver(request, stop);
      if (!lines) return std::unexpected(lines.error());
      std::optional<std::size_t> begun;
      bool done = false;
      for (const Json& line : *lines) {
        done = done || line.contains("done");
        if (!line.contains("mutant")) continue;
        const std::size_t number = line["mutant"].get<std::size_t>();
        if (number >= mutants.size()) continue;
        request["mutants"][number]["skip"] = true;
        begun = number;
        if (line.contains("begin")) continue;
        begun.reset();
        out.invalid[number] = line.value("invalid", false);
        if (const auto killers = line.find("killers"); killers != line.end() && !killers->empty())
          out.killer[number] = killers->at(0).get<std::size_t>();
      }
      if (done) break;
      // The mutant took the whole process with it: any test notices that.
      if (!begun)
        return fail(Errc::unavailable, "the mutants could not be run: {}",
                    drivers_->last_trouble());
      out.killer[*begun] = by_function[mutants[*begun].function].front();
    }
    return out;
  }

  Result<std::vector<WrongExample>> wrong_examples(std::stop_token stop) override {
    if (source_.examples.empty()) return std::vector<WrongExample>{};
    Json request = request_for("examples");
    request["examples"] = Json::array();
    for (const JavascriptExample& one : source_.examples) {
      request["examples"].push_back({{"function", one.function},
                                     {"line", one.line},
                                     {"call", one.call},
                                     {"expected", one.expected}});
    }
    auto lines = run_driver(request, stop);
    if (!lines) return std::unexpected(lines.error());
    std::vector<WrongExample> out;
    for (const Json& line : *lines) {
      if (!line.contains("example")) continue;
      out.push_back({.function = line["function"].get<std::string>(),
                     .line = line["line"].get<std::size_t>(),
                     .call = utf8::one_line(line["example"].get<std::string>()),
                     .said = utf8::one_line(line["want"].get<std::string>()),
                     .got = utf8::one_line(line["got"].get<std::string>())});
    }
    return out;
  }

  Result<TestRuns> run_project(const std::string& text, std::stop_token stop) override {
    if (project_tests_.empty()) return TestRuns{};
    Json request = request_for("tests");
    request["runs"] = Json::array();
    for (const std::string& path : project_tests_)
      request["runs"].push_back(run_of(path, path, "probes", kTestRunTime));
    std::error_code ignored;
    if (!text.empty()) {
      if (auto put = write_readable(copy_->path() / test_path_, text); !put)
        return std::unexpected(put.error());
      request["runs"].push_back(run_of(test_path_, test_path_, "", kTestRunTime));
    }
    auto lines = run_tests_driver(request, kProjectTestsTime, stop);
    if (!text.empty()) fs::remove(copy_->path() / test_path_, ignored);
    if (!lines) return std::unexpected(lines.error());
    return runs_of(*lines, true);
  }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    return javascript_tests_in(answer);
  }

  Result<Judgement> judge(const SourceTest& test, std::span<const Mutant> mutants,
                          std::stop_token stop) override {
    const std::string text = test_file({}, std::span(&test, 1));
    if (auto put = write_readable(copy_->path() / test_path_, text); !put)
      return std::unexpected(put.error());
    Json request = request_for("tests");
    request["first_decides"] = true;
    request["runs"] = Json::array();
    request["mutants"] = Json::array();
    for (std::size_t i = 0; i <= kJudgedRuns; ++i)
      request["runs"].push_back(
          run_of(fmt::format("run {}", i), test_path_, i == 0 ? "probes" : "", kJudgedRunTime));
    for (const Mutant& mutant : mutants) {
      const std::string number = std::to_string(request["mutants"].size());
      request["mutants"].push_back(
          {{"begin", mutant.begin}, {"end", mutant.end}, {"text", mutant.text}});
      request["runs"].push_back(run_of("mutant " + number, test_path_, number, kMutantRunTime));
    }
    auto lines = run_tests_driver(request, options_.run_time_max, stop);
    std::error_code ignored;
    fs::remove(copy_->path() / test_path_, ignored);
    if (!lines) return std::unexpected(lines.error());
    return judgement_of(*lines, test.name);
  }

  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return javascript_test_file(
        cases, written, source_.functions,
        {.specifier = specifier_, .test_is_esm = test_is_esm_, .exports = &source_.exports});
  }
  fs::path test_path() const override { return test_path_; }

  // The file as it is, files in which its tests stand in other orders, and one for each test alone.
  Result<TestRuns> run_tests(const fs::path& path, const std::string& text,
                             const TestRunOptions& options, std::stop_token stop) override {
    const std::vector<PlacedTest> tests = placed_tests(text);
    std::vector<std::string> texts = {text};
    std::mt19937_64 engine(options.seed);
    for (std::size_t i = 0; i < options.shuffled; ++i) {
      std::vector<std::size_t> order(tests.size());
      for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
      for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[engine() % k]);
      texts.push_back(arranged(text, tests, order));
    }
    for (std::size_t i = 0; options.alone && i < tests.size(); ++i)
      texts.push_back(arranged(text, tests, {i}));
    Json request = request_for("tests");
    request["runs"] = Json::array();
    std::vector<fs::path> written;
    Result<TestRuns> out{TestRuns{}};
    for (std::size_t i = 0; i < texts.size(); ++i) {
      // Of the same kind, in the same folder.
      const fs::path place =
          i == 0 ? path
                 : path.parent_path() / fmt::format("leyden-{}.{}", i, path.filename().string());
      if (auto put = write_readable(copy_->path() / place, texts[i]); !put)
        out = std::unexpected(put.error());
      written.push_back(place);
      request["runs"].push_back(run_of(fmt::format("run {}", i), place,
                                       options.measure && i == 0 ? "probes" : "", kTestRunTime));
    }
    if (out) {
      auto lines = run_tests_driver(request, kTestRunTime, stop);
      if (lines) {
        out = runs_of(*lines, false);
      } else {
        out = std::unexpected(lines.error());
      }
    }
    std::error_code ignored;
    for (const fs::path& place : written) fs::remove(copy_->path() / place, ignored);
    return out;
  }

 private:
  Result<void> read_source(const fs::path& shown) {
    auto text = read_file(file_, kSourceBytesMax);
    if (!text) return std::unexpected(text.error());
    if (!utf8::is_valid(*text))
      return fail(Errc::invalid_argument, "{} is not UTF-8", shown.string());
    if (file_.extension() == ".tsx" || file_.extension() == ".jsx" || file_.extension() == ".cts")
      return fail(Errc::unsupported, "{}: Node can't run {} files without a build", shown.string(),
                  file_.extension().string());
    const bool typed = is_typescript(file_);
    auto tree =
        syntax::parse(typed ? syntax::Language::typescript : syntax::Language::javascript, *text);
    if (!tree) return std::unexpected(tree.error());
    if (has_jsx(tree->root()))
      return fail(Errc::unsupported, "{} has JSX, which Node can't run without a build",
                  shown.string());
    source_ = javascript_source(*tree, *text);
    if (source_.functions.empty()) {
      if (tree->has_errors())
        return fail(Errc::invalid_argument, "{} has a syntax error: there is nothing to call",
                    shown.string());
      return fail(Errc::invalid_argument,
                  "{} exports no function and no class that a test could call", shown.string());
    }
    if (typed) {
      auto stripped = javascript_of_typescript(*text);
      if (!stripped)
        return fail(stripped.error().code, "{}: {}", shown.string(), stripped.error().message);
      text = *std::move(stripped);
      tree = syntax::parse(syntax::Language::javascript, *text);
      if (!tree) return std::unexpected(tree.error());
    }
    text_ = *std::move(text);
    probed_ = probed_javascript(*tree, text_);
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
    inside_file_ = std::string(kProject) + "/" + file_.lexically_relative(root_).string();
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
      const fs::path host = root_ / folder / "node_modules";
      if (!fs::is_directory(host, ignored)) continue;
      std::error_code error;
      fs::create_directories(copy_->path() / folder / "node_modules", error);
      if (error)
        return fail(Errc::unavailable, "can't write to {}: {}", copy_->path().string(),
                    error.message());
      packages_.push_back({.host = fs::canonical(host, ignored),
                           .inside = (fs::path(kProject) / folder / "node_modules").string()});
    }
    for (fs::path above = root_.parent_path(); above.has_relative_path();
         above = above.parent_path()) {
      if (!fs::is_directory(above / "node_modules", ignored)) continue;
      packages_.push_back(
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
        if (auto written = write_readable(file, *stripped); !written) return;
      }
    }
  }

  // The project's own tests that node:test runs.
  std::vector<std::string> test_files() const {
    std::vector<std::string> out;
    std::error_code ignored;
    for (fs::recursive_directory_iterator entry(copy_->path(), ignored), end; entry != end;
         entry.increment(ignored)) {
      const std::string name = entry->path().filename().string();
      const fs::path ending = entry->path().extension();
      if (!entry->is_regular_file(ignored) || entry->is_symlink(ignored) ||
          (ending != ".js" && ending != ".mjs" && ending != ".cjs"))
        continue;
      auto text = read_file(entry->path(), kSourceBytesMax);
      if (!text || (text->find("\"node:test\"") == std::string::npos &&
                    text->find("'node:test'") == std::string::npos))
        continue;
      out.push_back(entry->path().lexically_relative(copy_->path()).string());
    }
    std::ranges::sort(out);
    if (out.size() > kProjectTestsMax) out.resize(kProjectTestsMax);
    return out;
  }

  Result<void> look_at_runner(const std::stop_token& stop) {
    auto ran = sandbox_.run(command_for({node_.string(), "--version"}), limits(20s), stop);
    if (!ran && ran.error().code == Errc::not_found)
      return fail(Errc::unsupported,
                  "there is no {} in the sandbox: install Node {} or newer, or name it with --node",
                  node_.string(), kNodeOldest);
    if (!ran) return std::unexpected(ran.error());
    int major = 0;
    int minor = 0;
    if (!ran->succeeded() || std::sscanf(ran->output.text.c_str(), "v%d.%d", &major, &minor) != 2)
      return fail(Errc::unsupported, "{} is not Node: it says {}", node_.string(),
                  utf8::one_line(ran->output.text + ran->error_output.text).substr(0, 200));
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

  sandbox::SandboxCommand command_for(std::vector<std::string> argv) const {
    sandbox::SandboxCommand out;
    out.argv = std::move(argv);
    out.environment = {{"LEYDEN_REQUEST", kRequestFile}, {"NODE_NO_WARNINGS", "1"}, {"TZ", "UTC"}};
    out.mounts = mounts_;
    if (drivers_) drivers_->mount_into(out);
    out.mounts.push_back({.host = copy_->path(), .inside = kProject});
    out.mounts.insert(out.mounts.end(), packages_.begin(), packages_.end());
    out.working_directory = kProject;
    return out;
  }

  // V8 wants some ten threads a process and more memory than it uses.
  static sandbox::SandboxLimits limits(std::chrono::milliseconds wall_time) {
    sandbox::SandboxLimits out;
    out.wall_time = wall_time;
    out.cpu_time = 2 * wall_time;
    out.memory_bytes = 2 * GiB;
    out.process_count = 192;
    return out;
  }

  Json request_for(const char* mode) const {
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
            {"probed", probed_.text},
            {"probes", probed_.probes.size()},
            {"exports", std::move(exports)},
            {"mode", mode},
            {"limit_ms", options_.call_time.count()},
            {"loader", is_typescript(file_)},
            {"mutants", Json::array()}};
  }

  static Json run_of(const std::string& name, const fs::path& file, const std::string& variant,
                     std::chrono::milliseconds time) {
    return {{"name", name},
            {"file", std::string(kProject) + "/" + file.string()},
            {"variant", variant},
            {"limit_ms", time.count()}};
  }

  Json json_of_input(const Input& input) const {
    const JavascriptCall call = javascript_call(input, source_.functions);
    Json arguments = Json::array();
    for (const auto& [name, text] : call.arguments) arguments.push_back({name, text});
    return {{"setup", call.setup},
            {"arguments", std::move(arguments)},
            {"call", call.call},
            {"receiver", call.receiver.empty() ? "undefined" : call.receiver}};
  }
  Json json_of_inputs(std::span<const Input> inputs) const {
    Json out = Json::array();
    for (const Input& input : inputs) out.push_back(json_of_input(input));
    return out;
  }

  Arcs arcs_of(const Json& reached) const {
    return probed_.arcs_of(reached.get<std::vector<std::size_t>>());
  }

  void note(const Json& line, std::size_t first, Exploration& out) const {
    ++out.tried;
    const std::string outcome = line.value("outcome", "");
    const std::size_t input = first + line["input"].get<std::size_t>();
    if (outcome == "time") ++out.timed_out;
    if (outcome == "error" && line.value("raised", 0) == 0) ++out.errors;
    if (line.contains("message"))
      out.broken_names.emplace_back(
          input, line["error"].get<std::string>() + ": " + line["message"].get<std::string>());
    if ((outcome == "value" || line.value("raised", 0) != 0) && line.value("ms", 0.0) < kQuickMs)
      out.quick.push_back(input);
    if (const auto fresh = line.find("fresh"); fresh != line.end()) {
      out.fresh.push_back(input);
      out.reached.merge(arcs_of(*fresh));
    }
  }

  Result<std::vector<Json>> run_driver(const Json& request, const std::stop_token& stop) {
    std::vector<std::string> argv = {node_.string()};
    if (esm_) {
      argv.emplace_back("--experimental-loader");
      argv.push_back(std::string("file://") + kDrivers + "/loader.mjs");
    }
    argv.insert(argv.end(), {std::string(kDrivers) + "/driver.cjs", kAnswersFile});
    auto lines = drivers_->run(sandbox_, command_for(std::move(argv)),
                               limits(options_.run_time_max), request, stop);
    if (!lines) return lines;
    for (const Json& line : *lines) {
      if (line.contains("failed"))
        return fail(Errc::unavailable, "{} can't be loaded: {}", file_.string(),
                    line["failed"].get<std::string>());
    }
    return lines;
  }

  Result<std::vector<Json>> run_tests_driver(const Json& request, std::chrono::milliseconds time,
                                             const std::stop_token& stop) {
    return drivers_->run(
        sandbox_,
        command_for({node_.string(), std::string(kDrivers) + "/test_runs.cjs", kAnswersFile}),
        limits(time + 60s), request, stop);
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

  TestRuns runs_of(const std::vector<Json>& lines, bool with_file) const {
    TestRuns out;
    for (const Json& line : lines) {
      if (!line.contains("run")) continue;
      if (line.contains("broken")) {
        ++out.broken_runs;
        if (out.trouble.empty()) out.trouble = line["broken"].get<std::string>();
      }
      if (line.contains("reached")) out.reached.merge(arcs_of(line["reached"]));
      for (const Json& outcome : line["outcomes"]) {
        const std::string name = outcome.at(0).get<std::string>();
        TestRuns::Test& test =
            out.tests[with_file ? line["run"].get<std::string>() + ": " + name : name];
        ++test.runs;
        if (outcome.at(1) == "passed") {
          ++test.passed;
        } else if (test.failure.empty()) {
          test.failure = outcome.at(2).get<std::string>();
        }
      }
    }
    return out;
  }

  // What runs of one test came to: the first, more of them, and one for each mutant.
  Judgement judgement_of(const std::vector<Json>& lines, const std::string& name) const {
    Judgement out;
    std::size_t passed = 0;
    for (const Json& line : lines) {
      if (!line.contains("run")) continue;
      const std::string run = line["run"].get<std::string>();
      std::string outcome = "was not run";
      std::string why = line.value("broken", "");
      for (const Json& told : line["outcomes"]) {
        if (told.at(0) != name || line.contains("broken")) continue;
        outcome = told.at(1).get<std::string>();
        why = told.at(2).get<std::string>();
      }
      if (run.starts_with("mutant ")) {
        if (outcome != "passed") out.killed.push_back(std::stoul(run.substr(7)));
        continue;
      }
      if (outcome == "passed") {
        ++passed;
      } else if (out.reason.empty()) {
        out.reason = passed == 0 ? fmt::format("{}: {}", outcome, why)
                                 : fmt::format("passed {} times, then {}", passed, outcome);
      }
      if (line.contains("reached")) out.arcs = arcs_of(line["reached"]);
    }
    out.good = passed == kJudgedRuns + 1;
    if (!out.good && out.reason.empty()) out.reason = drivers_->last_trouble();
    return out;
  }

  const sandbox::Sandbox& sandbox_;
  JavascriptOptions options_;
  fs::path file_;
  std::string text_;  // What runs: of TypeScript, what is left of it.
  JavascriptSource source_;
  ProbedJavascript probed_;
  fs::path root_;
  bool esm_ = false;
  bool package_is_esm_ = false;
  bool detected_ = false;  // An ES module by what it says only.
  bool test_is_esm_ = false;
  std::string inside_file_;
  fs::path test_path_;
  std::string specifier_;  // Of the file, from its test.
  fs::path node_;
  std::string runner_;
  std::vector<sandbox::SandboxMount> mounts_;
  std::vector<sandbox::SandboxMount> packages_;
  std::unique_ptr<sandbox::ProjectCopy> copy_;
  std::unique_ptr<DriverFolder> drivers_;
  std::vector<std::string> project_tests_;
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
