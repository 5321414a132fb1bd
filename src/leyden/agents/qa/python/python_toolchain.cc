#include "leyden/agents/qa/python/python_toolchain.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "leyden/agents/qa/driver_folder.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/python/python_answer.h"
#include "leyden/agents/qa/python/python_source.h"
#include "leyden/agents/qa/python/python_text.h"
#include "leyden/agents/qa/python/types/python_performance.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/sandbox/project_copy.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr std::size_t kSourceBytesMax = 2 * MiB;
constexpr double kQuickMs = 8;
constexpr auto kJudgedRunTime = 10s;
constexpr std::size_t kJudgedRuns = 4;    // Behind the first.
constexpr auto kTypedTestsTime = 120s;    // For finding tests of other types than unit.
constexpr auto kProjectTestsTime = 120s;  // Of all of the project's tests.
constexpr const char* kProject = "/project";

Arcs arcs_of(const Json& list) {
  Arcs out;
  for (const Json& arc : list)
    out.emplace(arc.at(0).get<std::int64_t>(), arc.at(1).get<std::int64_t>());
  return out;
}

Json json_of(const Arcs& arcs) {
  Json out = Json::array();
  for (const auto& [from, to] : arcs) out.push_back({from, to});
  return out;
}

class PythonToolchain final : public Toolchain {
 public:
  PythonToolchain(const sandbox::Sandbox& sandbox, PythonOptions options)
      : sandbox_(sandbox), options_(std::move(options)) {}

  Result<void> open(const fs::path& file, const std::stop_token& stop) {
    std::error_code error;
    file_ = fs::canonical(file, error);
    if (error || !fs::is_regular_file(file_))
      return fail(Errc::not_found, "{} is no file", file.string());
    auto text = read_file(file_, kSourceBytesMax);
    if (!text) return std::unexpected(text.error());
    if (!utf8::is_valid(*text))
      return fail(Errc::invalid_argument, "{} is not UTF-8", file.string());
    text_ = *std::move(text);
    auto tree = syntax::parse(syntax::Language::python, text_);
    if (!tree) return std::unexpected(tree.error());
    functions_ = python_functions(*tree, text_);
    if (functions_.empty()) {
      if (tree->has_errors())
        return fail(Errc::invalid_argument, "{} has a syntax error: there is nothing to call",
                    file.string());
      return fail(Errc::invalid_argument, "{} has no function and no method that a test could call",
                  file.string());
    }
    root_ = project_root(file_);
    find_module();
    auto copy = sandbox::ProjectCopy::make(
        root_,
        {.leave_out = {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__",
                       ".tox", ".mypy_cache"}},
        stop);
    if (!copy) return std::unexpected(copy.error());
    copy_ = *std::move(copy);
    has_tests_ = has_test_files();
    auto drivers = DriverFolder::make();
    if (!drivers) return std::unexpected(drivers.error());
    drivers_ = *std::move(drivers);
    choose_interpreter();
    return look_at_runner(stop);
  }

  const std::vector<Function>& functions() const override { return functions_; }
  std::string module() const override { return module_; }
  std::string runner() const override { return runner_; }
  ModelWords words() const override {
    return {.language = "Python",
            .fence = "python",
            .runner = "pytest",
            .import = "from " + module_ + " import {}"};
  }
  Result<std::vector<Mutant>> mutants(std::size_t per_function_max) const override {
    auto tree = syntax::parse(syntax::Language::python, text_);
    if (!tree) return std::unexpected(tree.error());
    return mutants_of(*tree, text_, functions_, per_function_max);
  }
  bool fits(const Type& type, const std::string& kind) const override {
    switch (type.kind) {
      case Type::Kind::boolean:
        return kind == "bool";
      case Type::Kind::integer:
        return kind == "int" || kind == "bool";
      case Type::Kind::text:
        return kind == "str";
      case Type::Kind::bytes:
        return kind == "bytes" || kind == "bytearray";
      case Type::Kind::none:
        return kind == "NoneType";
      default:
        return kind != "NoneType" || type.kind == Type::Kind::unknown ||
               type.kind == Type::Kind::optional || type.kind == Type::Kind::any_of ||
               type.kind == Type::Kind::object;
    }
  }
  std::string test_name(const Function& function, bool expects_error,
                        std::size_t number) const override {
    return fmt::format("test_{}{}{}_{}",
                       function.class_name.empty() ? "" : snake_case(function.class_name) + "_",
                       snake_case(function.name), expects_error ? "_raises" : "", number);
  }
  void rename(SourceTest& test, const std::string& name) const override {
    if (const std::size_t at = test.text.find("def " + test.name); at != std::string::npos)
      test.text.replace(at + 4, test.name.size(), name);
    test.name = name;
  }

  Result<Exploration> explore(std::span<const Input> inputs, const Arcs& seen,
                              std::stop_token stop) override {
    Exploration out;
    out.reached = seen;
    // Where an input ends the process, the others go on in a new one.
    for (std::size_t first = 0; first < inputs.size();) {
      Json request = request_for("explore");
      request["limit_s"] = std::chrono::duration<double>(options_.search_call_time).count();
      request["seen"] = json_of(out.reached);
      request["patience"] = patience_;
      request["inputs"] = Json::array();
      for (const Input& input : inputs.subspan(first))
        request["inputs"].push_back(json_of_input(input));
      auto lines = run("driver", request, stop);
      if (!lines) return std::unexpected(lines.error());
      std::size_t begun = 0;
      bool done = false;
      for (const Json& line : *lines) {
        if (line.contains("failed"))
          return fail(Errc::unavailable, "{} can't be imported: {}", file_.string(),
                      line["failed"].get<std::string>());
        if (line.contains("goals")) {
          for (const Json& one : line["goals"]["lines"])
            out.goals.lines.insert(one.get<std::int64_t>());
          out.goals.branches = arcs_of(line["goals"]["branches"]);
          out.loaded = arcs_of(line["import"]);
          out.reached.insert(out.loaded.begin(), out.loaded.end());
        } else if (line.contains("begin")) {
          begun = line["begin"].get<std::size_t>() + 1;
        } else if (line.contains("input")) {
          note(line, first, out);
          const std::size_t input = first + line["input"].get<std::size_t>();
          if (line.contains("share") && input < inputs.size())
            patience_[std::to_string(inputs[input].function())] = line["share"];
        }
        done = done || line.contains("done");
      }
      if (done) break;
      if (begun == 0)
        return fail(Errc::unavailable, "{} can't be imported: {}", file_.string(),
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
      request["inputs"] = Json::array();
      for (const Input& input : inputs.subspan(first))
        request["inputs"].push_back(json_of_input(input));
      auto lines = run("driver", request, stop);
      if (!lines) return std::unexpected(lines.error());
      std::size_t begun = 0;
      bool done = false;
      for (const Json& line : *lines) {
        if (line.contains("failed"))
          return fail(Errc::unavailable, "{} can't be imported: {}", file_.string(),
                      line["failed"].get<std::string>());
        if (line.contains("begin")) begun = line["begin"].get<std::size_t>() + 1;
        if (line.contains("input")) {
          const std::size_t at = first + line["input"].get<std::size_t>();
          if (at < out.size()) {
            out[at] = observation_of(line);
            if (line.contains("arcs")) out[at].arcs = arcs_of(line["arcs"]);
          }
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
      input["ms"] = one.expected.ms;
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
      auto lines = run("driver", request, stop);
      if (!lines) return std::unexpected(lines.error());
      std::optional<std::size_t> begun;
      bool done = false;
      for (const Json& line : *lines) {
        if (line.contains("failed"))
          return fail(Errc::unavailable, "{} can't be imported: {}", file_.string(),
                      line["failed"].get<std::string>());
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
    if (text_.find(">>>") == std::string::npos) return std::vector<WrongExample>{};
    auto lines = run("driver", request_for("examples"), stop);
    if (!lines) return std::unexpected(lines.error());
    std::vector<WrongExample> out;
    for (const Json& line : *lines) {
      if (line.contains("failed"))
        return fail(Errc::unavailable, "{} can't be imported: {}", file_.string(),
                    line["failed"].get<std::string>());
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
    if (!has_tests_) return TestRuns{};
    if (!text.empty()) {
      if (auto put = put_into_copy(test_path_, text); !put) return std::unexpected(put.error());
    }
    auto out =
        run_pytest({}, {.shuffled = 0, .alone = false, .measure = true}, kProjectTestsTime, stop);
    std::error_code ignored;
    if (!text.empty()) fs::remove(copy_->path() / test_path_, ignored);
    return out;
  }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    return python_tests_in(answer, module_, functions_);
  }

  Result<Judgement> judge(const SourceTest& test, std::span<const Mutant> mutants,
                          std::stop_token stop) override {
    const std::string text = test_file({}, std::span(&test, 1));
    if (auto put = put_into_copy(test_path_, text); !put) return std::unexpected(put.error());
    Json request = {{"tests", {test_path_.string()}},
                    {"shuffled", kJudgedRuns},
                    {"alone", false},
                    {"first_decides", true},
                    {"seed", 1},
                    {"limit_s", kJudgedRunTime.count()},
                    {"measure", inside_file_},
                    {"file", inside_file_},
                    {"module", module_},
                    {"path", {import_folder_, kProject}},
                    {"mutants", Json::array()}};
    for (const Mutant& mutant : mutants)
      request["mutants"].push_back(
          {{"begin", mutant.begin}, {"end", mutant.end}, {"text", mutant.text}});
    auto lines = run("pytest_runs", request, stop);
    std::error_code ignored;
    fs::remove(copy_->path() / test_path_, ignored);
    if (!lines) return std::unexpected(lines.error());
    return judgement_of(*lines, test.name);
  }

  Result<TypedTests> typed_tests(const std::string& type, const std::vector<std::size_t>& wanted,
                                 std::uint64_t seed, std::stop_token stop) override {
    const PythonScene scene{
        .functions = functions_,
        .wanted = wanted,
        .module = module_,
        .module_stem = file_.stem().string(),
        .path_line = path_line_,
        .ask = [&](const char* driver, Json request) -> Result<std::vector<Json>> {
          request.update(request_for(driver));
          return run(driver, request, stop, kTypedTestsTime);
        }};
    if (type == "performance") return python_performance_tests(scene);
    return Toolchain::typed_tests(type, wanted, seed, stop);
  }

  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return python_test_file(cases, written, functions_, {.name = module_, .path_line = path_line_});
  }
  fs::path test_path() const override { return test_path_; }

  Result<TestRuns> run_tests(const fs::path& path, const std::string& text,
                             const TestRunOptions& options, std::stop_token stop) override {
    std::map<fs::path, std::string> files{{path, text}};
    for (const auto& [name, data] : options.data) files[path.parent_path() / name] = data;
    for (const auto& [file, content] : files) {
      if (auto put = put_into_copy(file, content); !put) return std::unexpected(put.error());
    }
    auto out = run_pytest({path.string()}, options, options.run_time, stop);
    std::error_code ignored;
    for (const auto& [file, content] : files) fs::remove(copy_->path() / file, ignored);
    return out;
  }

 private:
  // What runs of one test came to: the first, more of them, and one for each mutant.
  Judgement judgement_of(const std::vector<Json>& lines, const std::string& name) const {
    Judgement out;
    std::size_t passed = 0;
    for (const Json& line : lines) {
      if (line.contains("failed")) out.reason = line["failed"].get<std::string>();
      if (!line.contains("run")) continue;
      const std::string run = line["run"].get<std::string>();
      std::string outcome = "was not run";
      std::string why;
      if (line.contains("broken")) {
        why = line["broken"].get<std::string>();
      } else {
        for (const auto& [node, told] : line["outcomes"].items()) {
          if (!node.ends_with("::" + name)) continue;
          outcome = told.at(0).get<std::string>();
          why = told.at(1).get<std::string>();
        }
        if (!line["errors"].empty()) why = line["errors"].at(0).get<std::string>();
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
      if (line.contains("arcs")) out.arcs = arcs_of(line["arcs"]);
    }
    out.good = passed == kJudgedRuns + 1;
    if (!out.good && out.reason.empty()) out.reason = drivers_->last_trouble();
    return out;
  }

  // No `tests`: all that pytest finds.
  Result<TestRuns> run_pytest(const std::vector<std::string>& tests, const TestRunOptions& options,
                              std::chrono::seconds run_time, const std::stop_token& stop) {
    Json request = {{"tests", tests},
                    {"shuffled", options.shuffled},
                    {"alone", options.alone},
                    {"seed", options.seed},
                    {"limit_s", run_time.count()}};
    if (options.measure) request["measure"] = inside_file_;
    auto lines = run("pytest_runs", request, stop, run_time + 30s);
    if (!lines) return std::unexpected(lines.error());
    TestRuns out;
    for (const Json& line : *lines) {
      if (line.contains("failed"))
        return fail(Errc::unsupported, "{}", line["failed"].get<std::string>());
      if (!line.contains("run")) continue;
      if (line.contains("broken")) {
        ++out.broken_runs;
        if (out.trouble.empty()) out.trouble = line["broken"].get<std::string>();
        continue;
      }
      for (const Json& one : line["errors"]) {
        if (out.trouble.empty()) out.trouble = one.get<std::string>();
      }
      if (line.contains("arcs")) out.reached = arcs_of(line["arcs"]);
      for (const auto& [node, outcome] : line["outcomes"].items()) {
        const std::size_t name = node.rfind("::");
        TestRuns::Test& test = out.tests[name == std::string::npos ? node : node.substr(name + 2)];
        ++test.runs;
        if (outcome.at(0) == "passed") {
          ++test.passed;
        } else if (test.failure.empty()) {
          test.failure = outcome.at(1).get<std::string>();
        }
      }
    }
    return out;
  }

  // The dotted name by which the file is imported, the folder that must be on the path for that, and where its tests go.
  void find_module() {
    fs::path folder = file_.parent_path();
    std::string name = file_.stem() == "__init__" ? "" : file_.stem().string();
    std::error_code ignored;
    while (fs::exists(folder / "__init__.py", ignored) && folder != folder.parent_path()) {
      name = folder.filename().string() + (name.empty() ? "" : "." + name);
      folder = folder.parent_path();
    }
    module_ = name;
    const fs::path below = folder.lexically_relative(root_);
    const bool at_root = below == "." || below.empty() || *below.begin() == "..";
    import_folder_ = at_root ? std::string(kProject) : std::string(kProject) + "/" + below.string();
    inside_file_ = std::string(kProject) + "/" + file_.lexically_relative(root_).string();
    fs::path tests;
    for (const char* one : {"tests", "test"}) {
      if (fs::is_directory(root_ / one, ignored)) {
        tests = one;
        break;
      }
    }
    if (tests.empty())
      tests = fs::exists(file_.parent_path() / "__init__.py", ignored)
                  ? fs::path("tests")
                  : file_.parent_path().lexically_relative(root_);
    std::string stem = "test_" + file_.stem().string();
    if (fs::exists(root_ / tests / (stem + ".py"), ignored)) stem += "_leyden";
    test_path_ = (tests / (stem + ".py")).lexically_normal();
    // pytest puts a test's own folder on the path, `python -m pytest` the root: from elsewhere the test says the way.
    const bool beside = test_path_.parent_path().lexically_normal() ==
                        file_.parent_path().lexically_relative(root_).lexically_normal();
    if (!at_root && !beside) {
      std::size_t up = 0;
      for (auto part = test_path_.begin(); part != test_path_.end(); ++part) ++up;
      path_line_ = fmt::format(
          "sys.path.insert(0, "
          "str(pathlib.Path(__file__).resolve().parents[{}] / {}))",
          up - 1, quoted_text(below.string()));
    }
  }

  void choose_interpreter() {
    std::error_code ignored;
    interpreter_ = options_.interpreter;
    for (const char* one : {".venv", "venv"}) {
      if (interpreter_.empty() && fs::exists(root_ / one / "bin" / "python", ignored))
        interpreter_ = root_ / one / "bin" / "python";
    }
    if (interpreter_.empty()) interpreter_ = "python3";
    if (!interpreter_.is_absolute()) return;
    // What it is made of: its own folder, and that of the one that it links to.
    for (const fs::path& program : {interpreter_, fs::canonical(interpreter_, ignored)}) {
      const fs::path folder = program.parent_path().parent_path();
      if (folder.empty() || folder == "/" || folder == "/usr" || folder == "/usr/local") continue;
      mounts_.push_back({.host = folder, .inside = folder.string()});
    }
    if (mounts_.size() == 2 && mounts_[0].host == mounts_[1].host) mounts_.pop_back();
  }

  Result<void> look_at_runner(const std::stop_token& stop) {
    auto lines = run("driver", {{"mode", "runner"}}, stop);
    if (!lines) return std::unexpected(lines.error());
    if (lines->empty() || !lines->front().contains("runner")) {
      return fail(Errc::unsupported,
                  "{} can't import pytest: install it (`pip install pytest`), or name an "
                  "interpreter that has it with --python",
                  interpreter_.string());
    }
    runner_ = lines->front()["runner"].get<std::string>();
    return {};
  }

  sandbox::SandboxCommand command_for(std::vector<std::string> argv) const {
    sandbox::SandboxCommand out;
    out.argv = std::move(argv);
    out.environment = {{"PYTHONDONTWRITEBYTECODE", "1"},
                       {"PYTHONHASHSEED", "0"},
                       {"PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"}};
    out.mounts = mounts_;
    drivers_->mount_into(out);
    out.mounts.push_back({.host = copy_->path(), .inside = kProject});
    out.working_directory = kProject;
    return out;
  }

  // Of the project's own; what is tested may be called like one.
  [[nodiscard]] bool has_test_files() const {
    std::error_code ignored;
    const fs::path tested = file_.lexically_relative(root_);
    for (fs::recursive_directory_iterator entry(copy_->path(), ignored), end; entry != end;
         entry.increment(ignored)) {
      const std::string name = entry->path().filename().string();
      if (name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py")) &&
          entry->path().lexically_relative(copy_->path()) != tested)
        return true;
    }
    return false;
  }

  static sandbox::SandboxLimits limits(std::chrono::milliseconds wall_time) {
    sandbox::SandboxLimits out;
    out.wall_time = out.cpu_time = wall_time;
    out.memory_bytes = GiB;
    return out;
  }

  Json request_for(const char* mode) const {
    return {{"file", inside_file_},
            {"module", module_},
            {"path", {import_folder_, kProject}},
            {"mode", mode},
            {"limit_s", std::chrono::duration<double>(options_.call_time).count()}};
  }

  Json json_of_input(const Input& input) const {
    const PythonCall call = python_call(input, functions_);
    Json arguments = Json::array();
    for (const auto& [name, text] : call.arguments) arguments.push_back({name, text});
    return {{"setup", call.setup},
            {"arguments", std::move(arguments)},
            {"function", std::to_string(input.function())},
            {"call", call.call},
            {"receiver", call.receiver}};
  }

  static void note(const Json& line, std::size_t first, Exploration& out) {
    ++out.tried;
    const std::string outcome = line.value("outcome", "");
    if (outcome == "time") ++out.timed_out;
    if (outcome == "error" && line.value("raised", 0) == 0) ++out.errors;
    if (line.contains("message"))
      out.broken_names.emplace_back(
          first + line["input"].get<std::size_t>(),
          line["error"].get<std::string>() + ": " + line["message"].get<std::string>());
    if ((outcome == "value" || line.value("raised", 0) != 0) && line.value("ms", 0.0) < kQuickMs)
      out.quick.push_back(first + line["input"].get<std::size_t>());
    if (const auto fresh = line.find("fresh"); fresh != line.end()) {
      out.fresh.push_back(first + line["input"].get<std::size_t>());
      out.reached.merge(arcs_of(*fresh));
    }
  }

  // Runs a driver; its answers as far as it came.
  Result<std::vector<Json>> run(const char* driver, const Json& request,
                                const std::stop_token& stop,
                                std::chrono::milliseconds time_max = {}) {
    const auto serve = [&] {
      std::vector<std::string> argv{interpreter_.string(), std::string(kDrivers) + "/serve.py"};
      argv.insert(argv.end(), std::begin(kServeFiles), std::end(kServeFiles));
      return command_for(std::move(argv));
    };
    return drivers_->ask(sandbox_, serve, driver, limits(std::max(time_max, options_.run_time_max)),
                         request, stop);
  }

  Result<void> put_into_copy(const fs::path& path, const std::string& text) {
    return write_readable(copy_->path() / path, text);
  }

  const sandbox::Sandbox& sandbox_;
  PythonOptions options_;
  fs::path file_;
  std::string text_;
  std::vector<Function> functions_;
  fs::path root_;
  std::string module_;
  std::string import_folder_;
  std::string inside_file_;
  fs::path test_path_;
  std::string path_line_;
  fs::path interpreter_;
  std::string runner_;
  std::vector<sandbox::SandboxMount> mounts_;
  std::unique_ptr<sandbox::ProjectCopy> copy_;
  std::unique_ptr<DriverFolder> drivers_;
  bool has_tests_ = false;          // The project, of its own.
  Json patience_ = Json::object();  // What is left of the driver's, by function.
};

}  // namespace

Result<std::unique_ptr<Toolchain>> open_python(const sandbox::Sandbox& sandbox,
                                               const fs::path& file, const PythonOptions& options,
                                               std::stop_token stop) {
  auto out = std::make_unique<PythonToolchain>(sandbox, options);
  if (auto opened = out->open(file, stop); !opened) return std::unexpected(opened.error());
  return out;
}

}  // namespace leyden::qa
