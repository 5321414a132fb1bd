#include "leyden/agents/qa/go/go_toolchain.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compiled/compiled_toolchain.h"
#include "leyden/agents/qa/compiled/compiler_message.h"
#include "leyden/agents/qa/compiled/encoding.h"
#include "leyden/agents/qa/compiled/mutant_run_script.h"
#include "leyden/agents/qa/compiled/test_run_script.h"
#include "leyden/agents/qa/embedded_texts.h"
#include "leyden/agents/qa/go/go_answer.h"
#include "leyden/agents/qa/go/go_clock.h"
#include "leyden/agents/qa/go/go_package.h"
#include "leyden/agents/qa/go/go_syntax.h"
#include "leyden/agents/qa/go/go_text.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* kProject = "/project";
constexpr const char* kModules = "/modules";  // What `go mod download` has fetched.
constexpr auto kBuildTime = 300s;
constexpr auto kTestRunTime = 120s;  // Of all runs of a test file together.
constexpr std::size_t kRepairs = 6;

using Files = std::map<std::string, std::string>;  // Of the package's folder, by name.

// One of our Go files in the tested package.
std::string in_package(const char* name, const std::string& package) {
  std::string text = embedded_driver(name);
  const std::string mark = "package leyden";
  if (const std::size_t at = text.find(mark); at != std::string::npos)
    text.replace(at, mark.size(), "package " + package);
  return text;
}

class GoToolchain final : public CompiledToolchain {
 public:
  GoToolchain(const sandbox::Sandbox& sandbox, GoOptions options)
      : CompiledToolchain(sandbox, options.call_time), options_(std::move(options)) {}

  Result<void> open(const fs::path& file, const std::stop_token& stop) {
    auto package = find_go_package(file);
    if (!package) return std::unexpected(package.error());
    package_ = *std::move(package);
    text_ = package_.files.back().text;
    source_ = go_source(package_.files, declared_by_tests());
    if (none_callable())
      return fail(Errc::invalid_argument, "{}: there is nothing that a test could call{}",
                  file.string(),
                  source_.functions.empty() ? "" : ": " + source_.functions[0].uncallable);
    auto copy = copy_project(package_.root, package_.root / package_.target,
                             {".git", ".hg", ".svn", "build", "node_modules", ".venv"}, stop);
    if (!copy) return std::unexpected(copy.error());
    copy_ = *std::move(copy);
    auto drivers = DriverFolder::make();
    if (!drivers) return std::unexpected(drivers.error());
    drivers_ = *std::move(drivers);
    if (auto found = find_go(stop); !found) return found;
    if (auto ready = prepare_copy(); !ready) return ready;
    probed_ = probed_source(package_.files.back().tree, text_, go_probe_syntax());
    return build_probe(stop);
  }

  const std::vector<Function>& functions() const override { return source_.functions; }
  std::string module() const override { return package_.path; }
  std::string runner() const override { return "go test, " + version_; }
  Stories stories() const override { return {.are_long = true}; }
  ModelWords words() const override {
    return {.language = "Go",
            .fence = "go",
            .runner = "go test, each a func TestName(t *testing.T) in package " + source_.package,
            .import = "package " + source_.package};
  }

  std::string test_name(const Function& function, bool expects_error,
                        std::size_t number) const override {
    const std::string stem = "Test" + pascal_case(function.class_name) + upper(function.name) +
                             (expects_error ? "Panics" : "");
    std::string out = stem + std::to_string(number);
    while (is_taken(out)) out = stem + "Leyden" + std::to_string(number++);
    return out;
  }
  void rename(SourceTest& test, const std::string& name) const override {
    if (const std::size_t at = test.text.find(test.name); at < 120)
      test.text.replace(at, test.name.size(), name);
    test.name = name;
  }

  // The package's tests; `text` stands beside them.
  Result<TestRuns> run_project(const std::string& text, std::stop_token stop) override {
    TestRuns out;
    if (package_.tests.empty()) return out;
    Files files = package_.tests;
    if (!text.empty()) files[test_path().filename().string()] = text;
    add_probes(files, probed_.text);
    auto trouble = build("project", files, stop);
    if (!trouble) return std::unexpected(trouble.error());
    if (!trouble->empty()) {
      out.trouble = first_complaint(*trouble);
      return out;
    }
    const std::string script = fmt::format(
        "rm -f {0}/hits\nLEYDEN_HITS={0}/hits timeout 100 {0}/project -test.v "
        ">{0}/run-0.txt 2>&1 || true\n",
        kExchange);
    auto ran = run_script(script, kTestRunTime, stop);
    if (!ran) return std::unexpected(ran.error());
    read_run(0, out);
    out.reached = recorded();
    return out;
  }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    return go_tests_in(answer);
  }

  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return go_test_file(cases, written, source_, package_.target.filename().string());
  }
  fs::path test_path() const override { return package_.test_path(); }

  Result<TestRuns> run_tests(const fs::path&, const std::string& text,
                             const TestRunOptions& options, std::stop_token stop) override {
    TestRuns out;
    auto built = build_tests(text, out, stop);
    if (!built) return std::unexpected(built.error());
    if (!built->has_value()) return out;
    TestRunScript script((fs::path(kProject) / package_.folder).string());
    const auto add = [&](const std::string& arguments, const std::string& alone) {
      script.add(fmt::format("timeout 20 {0}/tests -test.v {1} >{0}/run-{2}.txt 2>&1", kExchange,
                             arguments, script.count()),
                 alone);
    };
    add("", {});
    for (std::size_t i = 0; i < options.shuffled; ++i)
      add(fmt::format("-test.shuffle={}", options.seed * 100 + i + 1), {});
    if (options.alone) {
      for (const PlacedTest& one : go_placed_tests(**built))
        add(fmt::format("-test.run='^{}$'", one.name), one.name);
    }
    auto ran = run_script(script.text(), kTestRunTime, stop);
    if (!ran) return std::unexpected(ran.error());
    for (std::size_t i = 0; i < script.count(); ++i) read_run(i, out);
    script.note_litter(*drivers_, out);
    return out;
  }

  Result<std::optional<Kills>> kill_by_tests(std::span<const Mutant> mutants,
                                             const std::vector<std::vector<std::size_t>>& by_mutant,
                                             std::span<const SourceTest> tests,
                                             std::stop_token stop) override {
    auto invalid = build_with_mutants(
        "judged", {{test_path().filename().string(), test_file({}, tests)}}, mutants, stop);
    if (!invalid) return std::unexpected(invalid.error());
    std::vector<std::string> selections;
    for (const SourceTest& one : tests)
      selections.push_back(fmt::format("-test.run=^{}$", one.name));
    auto ran = run_script(
        mutant_run_script(fmt::format("{}/judged", kExchange), selections, by_mutant, *invalid),
        kTestRunTime, stop);
    if (!ran) return std::unexpected(ran.error());
    return kills_told(*drivers_, *std::move(invalid));
  }

 protected:
  std::string encoded_input(const Input& input) const override {
    return encoded(go_fitted(input, source_), source_.functions);
  }
  syntax::Language language() const override { return syntax::Language::go; }
  std::span<const BodySpan> bodies() const override { return source_.bodies; }
  sandbox::SandboxCommand probe_command(bool of_mutants) const override {
    return command_for({std::string(kExchange) + (of_mutants ? "/mutants" : "/probe"), kRequestFile,
                        kAnswersFile});
  }
  Result<std::vector<bool>> build_mutants(std::span<const Mutant> mutants,
                                          const std::stop_token& stop) override {
    return build_with_mutants("mutants", probe_files(), mutants, stop);
  }
  std::string defect_of(const Json&, const Input&) const override { return {}; }

  Result<Arcs> reached_by(const std::string& text, const std::stop_token& stop) override {
    Files files = {{test_path().filename().string(), text}};
    add_probes(files, probed_.text);
    auto trouble = build("reaching", files, stop);
    if (!trouble) return std::unexpected(trouble.error());
    auto ran = run_script(
        fmt::format("rm -f {0}/hits; LEYDEN_HITS={0}/hits timeout 20 {0}/reaching >{0}/said 2>&1 "
                    "|| true",
                    kExchange),
        kTestRunTime, stop);
    if (!ran) return std::unexpected(ran.error());
    return recorded();
  }

 private:
  bool none_callable() const {
    return std::ranges::none_of(source_.functions,
                                [](const Function& one) { return one.uncallable.empty(); });
  }

  static std::string upper(std::string name) {
    if (!name.empty())
      name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
    return name;
  }

  bool is_taken(const std::string& name) const {
    return std::ranges::any_of(package_.tests, [&](const auto& one) {
      return one.second.find("func " + name + "(") != std::string::npos;
    });
  }

  // Types of the package's other tests.
  std::set<std::string> declared_by_tests() const {
    std::set<std::string> out;
    for (const auto& [name, text] : package_.tests) {
      if (name == test_path().filename().string()) continue;
      for (std::size_t at = text.find("\ntype "); at != std::string::npos;
           at = text.find("\ntype ", at + 1)) {
        const std::size_t begin = at + 6;
        out.insert(text.substr(begin, text.find(' ', begin) - begin));
      }
    }
    return out;
  }

  fs::path folder() const { return copy_->path() / package_.folder; }

  sandbox::SandboxCommand command_for(std::vector<std::string> argv) const {
    sandbox::SandboxCommand out;
    out.argv = std::move(argv);
    drivers_->mount_into(out);
    out.mounts.push_back({.host = copy_->path(), .inside = kProject});
    const std::string exchange = kExchange;
    out.environment = {{"GOCACHE", exchange + "/cache"},
                       {"GOPROXY", "off"},
                       {"GOSUMDB", "off"},
                       {"GOTOOLCHAIN", "local"},
                       {"CGO_ENABLED", "0"},
                       {"GOTELEMETRY", "off"},
                       {"TZ", "UTC"}};
    std::error_code ignored;
    if (const char* home = std::getenv("HOME"); home != nullptr) {
      const fs::path modules = fs::path(home) / "go" / "pkg" / "mod";
      if (fs::is_directory(modules, ignored)) {
        out.mounts.push_back({.host = modules, .inside = kModules});
        out.environment.emplace_back("GOMODCACHE", kModules);
      }
    }
    out.working_directory = (fs::path(kProject) / package_.folder).string();
    if (out.working_directory.ends_with('/')) out.working_directory.pop_back();
    return out;
  }

  // What a script says where it fails; empty: it did not.
  Result<std::string> run_script(const std::string& script, std::chrono::milliseconds time,
                                 const std::stop_token& stop) const {
    auto ran = sandbox_.run(command_for({"sh", "-c", "set -e\n" + script}), limits(time), stop);
    if (!ran) return std::unexpected(ran.error());
    if (ran->succeeded()) return std::string();
    const std::string said = ran->error_output.text + ran->output.text;
    return said.empty() ? "error: " + std::string(sandbox::name_of(ran->outcome)) : said;
  }

  Result<void> find_go(const std::stop_token& stop) {
    go_ = options_.go.empty() ? "go" : options_.go.string();
    auto ran = sandbox_.run(command_for({go_, "version"}), limits(20s), stop);
    if (!ran && ran.error().code != Errc::not_found) return std::unexpected(ran.error());
    if (!ran || !ran->succeeded())
      return fail(Errc::unsupported,
                  "there is no {} in the sandbox: install golang-go, or name another with --go",
                  go_);
    version_ = trimmed(ran->output.text);
    if (version_.starts_with("go version ")) version_.erase(0, 11);
    return {};
  }

  // The package without its own tests, as part of a module.
  Result<void> prepare_copy() const {
    std::error_code error;
    for (const auto& [name, text] : package_.tests) fs::remove(folder() / name, error);
    if (package_.has_module) return {};
    return write_readable(folder() / "go.mod", "module " + package_.path + "\n\ngo 1.18\n");
  }

  void add_probes(Files& files, const std::string& target) const {
    files["leyden_probes.go"] = in_package("leyden_probes.go", source_.package);
    files[package_.target.filename().string()] = go_with_movable_clock(target);
  }

  Files probe_files() const {
    return {{"leyden_driver_test.go", in_package("leyden_driver.go", source_.package)},
            {"leyden_values_test.go", in_package("leyden_values.go", source_.package)},
            {"leyden_table_test.go", go_probe(source_, package_.path).text}};
  }

  // A test binary of the package with these files; what the compiler says against it. The folder is as it was afterwards.
  Result<std::string> build(const std::string& name, const Files& files,
                            const std::stop_token& stop) const {
    for (const auto& [file, text] : files) {
      if (auto put = write_readable(folder() / file, text); !put)
        return std::unexpected(put.error());
    }
    auto out = run_script(
        fmt::format("'{}' test -c -vet=off -gcflags='-e -l' -o {}/{} .", go_, kExchange, name),
        kBuildTime, stop);
    for (const auto& [file, text] : files) {
      std::error_code ignored;
      fs::remove(folder() / file, ignored);
    }
    if (auto back = write_readable(copy_->path() / package_.target, text_); !back)
      return std::unexpected(back.error());
    return out;
  }

  // The line that says where and what.
  static std::string first_complaint(const std::string& message) {
    const std::size_t at = message.find(".go:");
    const std::size_t begin = at == std::string::npos ? 0 : message.rfind('\n', at) + 1;
    return utf8::one_line(message.substr(begin, message.find('\n', begin) - begin));
  }

  // Without what does not compile.
  Result<void> build_probe(const std::stop_token& stop) {
    std::string trouble;
    bool plain = false;
    for (std::size_t round = 0; round < kRepairs; ++round) {
      const GoProbe probe = go_probe(source_, package_.path);
      Files files = probe_files();
      add_probes(files, probed_.text);
      auto built = build("probe", files, stop);
      if (!built) return std::unexpected(built.error());
      trouble = *built;
      if (trouble.empty()) return {};
      bool found = false;
      for (const std::size_t line : lines_named(trouble, "leyden_table_test.go")) {
        for (std::size_t i = 0; i < probe.lines.size(); ++i) {
          if (probe.lines[i] != line || !source_.functions[i].uncallable.empty()) continue;
          source_.functions[i].uncallable =
              "a call of it does not compile: " + first_complaint(trouble);
          found = true;
        }
      }
      // What stands in for others, or is made of the library's, may be what does not compile.
      if (!found && !std::exchange(plain, true)) {
        source_ = go_source(package_.files, {}, true);
        found = true;
      }
      if (!found || none_callable()) break;
    }
    return fail(Errc::unavailable, "{} can't be built: {}", package_.target.string(),
                first_complaint(trouble));
  }

  Result<std::vector<bool>> build_with_mutants(const std::string& name, const Files& files,
                                               std::span<const Mutant> mutants,
                                               const std::stop_token& stop) {
    return valid_mutants(mutants, package_.target.filename().string(), "if leydenIs({})",
                         [&](const std::string& text) {
                           Files all = files;
                           add_probes(all, text);
                           return build(name, all, stop);
                         });
  }

  // The text that was built: tests that do not compile are not in it. Nothing: none was.
  Result<std::optional<std::string>> build_tests(const std::string& text, TestRuns& out,
                                                 const std::stop_token& stop) {
    std::string now = text;
    const std::string name = test_path().filename().string();
    for (std::size_t round = 0; round < kRepairs; ++round) {
      auto trouble = build("tests", {{name, now}}, stop);
      if (!trouble) return std::unexpected(trouble.error());
      if (trouble->empty()) return std::optional(now);
      out.trouble = first_complaint(*trouble);
      const std::set<std::size_t> lines = lines_named(*trouble, name);
      const std::string before = now;
      leave_out_tests(now, go_placed_tests(now), lines);
      if (now == before) break;
    }
    return std::optional<std::string>();
  }

  // What a program has written.

  Arcs recorded() const {
    const std::string hits = drivers_->taken("hits");
    std::vector<std::size_t> reached;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      if (hits[i] != '\0') reached.push_back(i);
    }
    return probed_.arcs_of(reached);
  }

  // "--- PASS: TestTotal1 (0.00s)", and before a failure what it says.
  void read_run(std::size_t number, TestRuns& out) const {
    std::istringstream text(drivers_->taken(fmt::format("run-{}.txt", number)));
    std::string said;
    bool any = false;
    for (std::string line; std::getline(text, line);) {
      any = any || line == "PASS";  // Of files without a test, too.
      const bool passed = line.starts_with("--- PASS: ");
      if (!passed && !line.starts_with("--- FAIL: ")) {
        if (!line.starts_with("===")) said += line + "\n";
        continue;
      }
      any = true;
      const std::string name = line.substr(10, line.find(' ', 10) - 10);
      TestRuns::Test& test = out.tests[name];
      ++test.runs;
      if (passed) ++test.passed;
      if (!passed && test.failure.empty()) test.failure = std::string(trimmed(said));
      said.clear();
    }
    if (!any) {
      ++out.broken_runs;
      if (out.trouble.empty()) out.trouble = utf8::one_line(said.substr(0, 300));
    }
  }

  GoOptions options_;
  GoPackage package_;
  GoSource source_;
  std::string go_;
  std::string version_;
};

}  // namespace

Result<std::unique_ptr<Toolchain>> open_go(const sandbox::Sandbox& sandbox, const fs::path& file,
                                           const GoOptions& options, std::stop_token stop) {
  auto out = std::make_unique<GoToolchain>(sandbox, options);
  if (auto opened = out->open(file, stop); !opened) return std::unexpected(opened.error());
  return out;
}

}  // namespace leyden::qa
