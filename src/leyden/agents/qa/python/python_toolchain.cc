#include "leyden/agents/qa/python/python_toolchain.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/python/python_answer.h"
#include "leyden/agents/qa/python/python_source.h"
#include "leyden/agents/qa/python/python_text.h"
#include "leyden/agents/qa/python/types/python_performance.h"
#include "leyden/agents/qa/repeated_inputs.h"
#include "leyden/agents/qa/script_toolchain.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kTypedTestsTime = 120s;  // For finding tests of other types than unit.

class PythonToolchain final : public ScriptToolchain {
 public:
  PythonToolchain(const sandbox::Sandbox& sandbox, PythonOptions options)
      : ScriptToolchain(sandbox, options.run_time_max), options_(std::move(options)) {
    language_ = syntax::Language::python;
  }

  Result<void> open(const fs::path& file, const std::stop_token& stop) {
    if (auto read = read_source(file); !read) return read;
    auto tree = syntax::parse(language_, text_);
    if (!tree) return std::unexpected(tree.error());
    if (auto taken = take_functions(*tree, python_functions(*tree, text_),
                                    "has no function and no method that a test could call");
        !taken)
      return taken;
    depends_on_hashes_ = python_depends_on_hashes(*tree, text_);
    find_module();
    if (auto copied = copy_project({".git", ".hg", ".svn", ".venv", "venv", "node_modules",
                                    "__pycache__", ".tox", ".mypy_cache"},
                                   stop);
        !copied)
      return copied;
    project_tests_ = files_in_copy([](const fs::path& one) {
      const std::string name = one.filename().string();
      return name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"));
    });
    find_test_place();
    choose_interpreter();
    return look_at_runner(stop);
  }

  std::string module() const override { return module_; }
  Stories stories() const override { return {.are_long = true, .name_objects = true}; }
  ModelWords words() const override {
    return {.language = "Python",
            .fence = "python",
            .runner = "pytest",
            .import = "from " + module_ + " import {}"};
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
    const bool sets = function.name.ends_with('=');
    return fmt::format("test_{}{}{}{}_{}",
                       function.class_name.empty() ? "" : snake_case(function.class_name) + "_",
                       sets ? "set_" : "",
                       snake_case(function.name.substr(0, function.name.size() - (sets ? 1 : 0))),
                       expects_error ? "_raises" : "", number);
  }
  void rename(SourceTest& test, const std::string& name) const override {
    if (const std::size_t at = test.text.find("def " + test.name); at != std::string::npos)
      test.text.replace(at + 4, test.name.size(), name);
    test.name = name;
  }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    return python_tests_in(answer, module_, functions_);
  }

  // By a process of its own: the seed is set when it begins.
  Result<std::vector<std::size_t>> unrepeatable(std::span<const TestCase> cases,
                                                std::stop_token stop) override {
    if (!depends_on_hashes_ || cases.empty()) return std::vector<std::size_t>{};
    auto lines = ask_driver(request_with("repeat", cases), stop);
    if (!lines) return std::unexpected(lines.error());
    return inputs_that_differ(*lines, cases.size());
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
          return ask(driver, request, kTypedTestsTime, stop);
        }};
    if (type == "performance") return python_performance_tests(scene);
    return Toolchain::typed_tests(type, wanted, seed, stop);
  }

  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return python_test_file(cases, written, functions_, {.name = module_, .path_line = path_line_});
  }

 private:
  Result<std::vector<Json>> ask_driver(const Json& request, const std::stop_token& stop) override {
    return ask("driver", request, run_time_max_, stop);
  }
  // By the process that stays.
  Result<std::vector<Json>> ask(const char* driver, const Json& request,
                                std::chrono::milliseconds time_max, const std::stop_token& stop) {
    const auto serve = [&] {
      std::vector<std::string> argv{interpreter_.string(), fmt::format("{}/serve.py", kDrivers)};
      argv.insert(argv.end(), std::begin(kServeFiles), std::end(kServeFiles));
      return command_for(std::move(argv));
    };
    return drivers_->ask(sandbox_, serve, driver, limits(time_max), request, stop);
  }

  Json request_for(std::string_view mode) const override {
    const auto limit = mode == "explore" ? options_.search_call_time : options_.call_time;
    return {{"file", inside_file_},
            {"module", module_},
            {"path", {import_folder_, kProject}},
            {"mode", mode},
            {"limit_s", std::chrono::duration<double>(limit).count()}};
  }

  Json json_of_input(const Input& input) const override {
    const PythonCall call = python_call(input, functions_);
    return {{"setup", call.setup},
            {"arguments", call.arguments},
            {"call", call.call},
            {"receiver", call.receiver},
            {"makes_receiver", functions_[input.function()].makes_object}};
  }

  std::vector<std::pair<std::string, std::string>> environment() const override {
    return {{"PYTHONDONTWRITEBYTECODE", "1"},
            {"PYTHONHASHSEED", "0"},
            {"PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"}};
  }

  bool tells_comparisons() const override { return true; }

  // The driver finds them by doctest.
  Json examples() const override {
    return text_.find(">>>") == std::string::npos ? Json() : Json::array();
  }

  // Without a file pytest finds all.
  Result<std::vector<Json>> run_job(const TestJob& job, const std::stop_token& stop) override {
    Json request = {{"tests", Json::array()},
                    {"shuffled", job.shuffled},
                    {"alone", job.alone},
                    {"first_decides", job.first_decides},
                    {"seed", job.seed},
                    {"limit_s", std::chrono::duration<double>(job.run_time).count()},
                    {"file", inside_file_},
                    {"module", module_},
                    {"path", {import_folder_, kProject}},
                    {"mutants", json_of_mutants(job.mutants)}};
    if (!job.file.empty()) request["tests"].push_back(job.file.string());
    if (job.measure) request["measure"] = inside_file_;
    // Each run has its bound; all together have one where each is short.
    const auto runs =
        static_cast<int>(1 + job.shuffled + job.mutants.size()) + (job.alone ? 20 : 0);
    return ask("pytest_runs", request,
               starts_programs() ? std::chrono::milliseconds(job.run_time + 15s * runs)
                                 : std::max(job.run_time + 30s, run_time_max_),
               stop);
  }

  // The dotted name by which the file is imported, and the folder that must be on the path for that.
  void find_module() {
    fs::path folder = file_.parent_path();
    std::string name = file_.stem() == "__init__" ? "" : file_.stem().string();
    std::error_code ignored;
    // A root with an __init__.py stays the root: what is above it is not the project's.
    while (folder != root_ && fs::exists(folder / "__init__.py", ignored)) {
      const std::string around = folder.filename().string();
      name = name.empty() ? around : fmt::format("{}.{}", around, name);
      folder = folder.parent_path();
    }
    module_ = name.empty() ? "__init__" : name;
    import_folder_ = (fs::path(kProject) / folder.lexically_relative(root_)).lexically_normal();
    if (import_folder_.ends_with('/')) import_folder_.pop_back();
    import_relative_ = folder.lexically_relative(root_);
  }

  // In the nearest folder of tests; else beside the file, or in a new folder where the file is a package's.
  void find_test_place() {
    std::error_code ignored;
    const fs::path own = file_.parent_path().lexically_relative(root_);
    fs::path tests = fs::exists(file_.parent_path() / "__init__.py", ignored) ? "tests" : own;
    for (fs::path above = own;; above = above.parent_path()) {
      const auto has = [&](const char* name) {
        return fs::is_directory(root_ / above / name, ignored);
      };
      if (has("tests") || has("test")) {
        tests = above / (has("tests") ? "tests" : "test");
        break;
      }
      if (above.empty() || above == ".") break;
    }
    // Two of one name are one to pytest where their folders are no packages.
    std::string name = "test_" + file_.stem().string() + ".py";
    if (std::ranges::any_of(project_tests_,
                            [&](const fs::path& one) { return one.filename() == name; }))
      name = "test_" + file_.stem().string() + "_leyden.py";
    test_path_ = (tests / name).lexically_normal();
    say_path();
  }

  // pytest puts a test's own folder on the path, and that of a conftest.py: from elsewhere the test says the way.
  void say_path() {
    const auto any_at_root = [&](const auto&... names) {
      std::error_code ignored;
      return (fs::exists(root_ / names, ignored) || ...);
    };
    // A package is tested as it is installed: whoever runs its tests has put it on the path.
    if (any_at_root("pyproject.toml", "setup.py", "setup.cfg")) return;
    const bool beside = test_path_.parent_path() == file_.parent_path().lexically_relative(root_) ||
                        (!test_path_.has_parent_path() && file_.parent_path() == root_);
    const bool at_root = import_relative_ == ".";
    if (beside || (at_root && any_at_root("conftest.py", "pytest.ini", "tox.ini"))) return;
    const auto up = std::distance(test_path_.begin(), test_path_.end()) - 1;
    path_line_ =
        fmt::format("sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[{}]{}))", up,
                    at_root ? "" : " / " + quoted_text(import_relative_.string()));
  }

  void choose_interpreter() {
    std::error_code ignored;
    interpreter_ = options_.interpreter;
    for (const char* one : {".venv", "venv"}) {
      if (interpreter_.empty() && fs::exists(root_ / one / "bin" / "python", ignored))
        interpreter_ = root_ / one / "bin" / "python";
    }
    if (interpreter_.empty()) interpreter_ = "python3";
    mount_interpreter(interpreter_);
  }

  Result<void> look_at_runner(const std::stop_token& stop) {
    auto lines = ask("driver", {{"mode", "runner"}}, run_time_max_, stop);
    if (!lines) return std::unexpected(lines.error());
    if (lines->empty() || !lines->front().contains("runner"))
      return fail(Errc::unsupported,
                  "{} can't import pytest: install it (`pip install pytest`), or name an "
                  "interpreter that has it with --python",
                  interpreter_.string());
    runner_ = lines->front()["runner"].get<std::string>();
    return {};
  }

  PythonOptions options_;
  std::string module_;
  std::string import_folder_;
  fs::path import_relative_;  // The same, from the root.
  std::string path_line_;
  fs::path interpreter_;
  bool depends_on_hashes_ = false;
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
