#include "leyden/agents/qa/rust/rust_toolchain.h"

#include <algorithm>
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
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/rust/rust_answer.h"
#include "leyden/agents/qa/rust/rust_builder.h"
#include "leyden/agents/qa/rust/rust_probe.h"
#include "leyden/agents/qa/rust/rust_syntax.h"
#include "leyden/agents/qa/rust/rust_text.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr auto kTestRunTime = 120s;  // Of all runs of a test file together.
constexpr std::size_t kRepairs = 6;
constexpr std::size_t kProbesMax = 16384;  // As in leyden_probes.rs.

class RustToolchain final : public CompiledToolchain {
 public:
  RustToolchain(const sandbox::Sandbox& sandbox, RustOptions options)
      : CompiledToolchain(sandbox, options.call_time), options_(std::move(options)) {}

  Result<void> open(const fs::path& file, const std::stop_token& stop) {
    auto crate = find_rust_crate(file);
    if (!crate) return std::unexpected(crate.error());
    crate_ = *std::move(crate);
    text_ = crate_.files.back().text;
    source_ = rust_source(crate_);
    if (none_callable())
      return fail(Errc::invalid_argument, "{}: there is nothing that a test could call{}",
                  file.string(),
                  source_.functions.empty() ? "" : ": " + source_.functions[0].uncallable);
    auto tools = find_rust_tools(options_.cargo);
    if (!tools) return std::unexpected(tools.error());
    tools_ = *std::move(tools);
    auto copy = copy_project(crate_.root, crate_.root / crate_.target,
                             {".git", ".hg", ".svn", "target", "node_modules", ".venv"}, stop);
    if (!copy) return std::unexpected(copy.error());
    copy_ = *std::move(copy);
    auto drivers = DriverFolder::make();
    if (!drivers) return std::unexpected(drivers.error());
    drivers_ = *std::move(drivers);
    builder_ = std::make_unique<RustBuilder>(sandbox_, crate_, tools_, *copy_, *drivers_);
    if (auto found = ask_version(stop); !found) return found;
    if (auto ready = builder_->prepare(stop); !ready) return ready;
    probed_ = probed_source(crate_.files.back().tree, text_, rust_probe_syntax());
    if (probed_.probes.size() > kProbesMax)
      return fail(Errc::invalid_argument, "{} is too long", file.string());
    return build_probe(stop);
  }

  const std::vector<Function>& functions() const override { return source_.functions; }
  std::string module() const override {
    for (std::size_t i = 0; i < source_.functions.size(); ++i) {
      const Function& one = source_.functions[i];
      const auto path = source_.paths.find(one.class_name.empty() ? one.name : one.class_name);
      if (one.uncallable.empty() && path != source_.paths.end())
        return path->second.substr(0, path->second.rfind("::"));
    }
    return crate_.name;
  }
  std::string runner() const override { return "Rust's test harness, " + version_; }
  Stories stories() const override { return {.are_long = true}; }
  ModelWords words() const override {
    return {.language = "Rust",
            .fence = "rust",
            .runner = "cargo test, each a function with #[test] in a file of tests/",
            .import = "use " + module() + "::{};"};
  }

  std::string test_name(const Function& function, bool expects_error,
                        std::size_t number) const override {
    const std::string of = function.class_name.empty() ? "" : snake_case(function.class_name) + "_";
    return fmt::format("{}{}{}_{}", of, snake_case(function.name), expects_error ? "_panics" : "",
                       number);
  }
  void rename(SourceTest& test, const std::string& name) const override {
    const std::string head = "fn " + test.name;
    if (const std::size_t at = test.text.find(head); at != std::string::npos)
      test.text.replace(at, head.size(), "fn " + name);
    test.name = name;
  }

  // Each file of tests is a program of its own, so another one beside them changes nothing.
  Result<TestRuns> run_project(const std::string&, std::stop_token stop) override {
    if (project_runs_) return *project_runs_;
    TestRuns out;
    std::vector<std::pair<std::string, std::string>> programs;  // With what their tests begin with.
    if (text_.find("#[test]") != std::string::npos) {
      auto built = builder_->own_tests("own", probed_.text, stop);
      if (!built) return std::unexpected(built.error());
      if (built->empty()) programs.emplace_back("own", "");
      out.trouble = built->empty() ? "" : first_error(*built);
    }
    for (std::size_t i = 0; i < crate_.tests.size(); ++i) {
      const std::string program = fmt::format("project-{}", i);
      auto built = builder_->tests("probe", program, crate_.tests[i], {}, stop);
      if (!built) return std::unexpected(built.error());
      if (built->empty()) programs.emplace_back(program, crate_.tests[i].stem().string() + "::");
      if (!built->empty()) out.trouble = first_error(*built);
    }
    for (std::size_t i = 0; i < programs.size(); ++i) {
      auto ran = run_for_hits(programs[i].first, i, stop);
      if (!ran) return std::unexpected(ran.error());
      out.reached.merge(*ran);
      read_run(i, programs[i].second, out);
    }
    project_runs_ = out;
    return out;
  }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    return rust_tests_in(answer);
  }

  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return rust_test_file(cases, written, source_, crate_);
  }
  fs::path test_path() const override { return crate_.test_path(); }

  Result<TestRuns> run_tests(const fs::path&, const std::string& text,
                             const TestRunOptions& options, std::stop_token stop) override {
    TestRuns out;
    if (!plain_is_built_) {
      auto built = builder_->library("plain", text_, stop);
      if (!built) return std::unexpected(built.error());
      if (!built->empty()) return fail(Errc::unavailable, "{}", first_error(*built));
      plain_is_built_ = true;
    }
    auto built = build_tests(text, out, stop);
    if (!built) return std::unexpected(built.error());
    if (!built->has_value()) return out;
    TestRunScript script("/project");
    const auto add = [&](const std::string& arguments, const std::string& alone) {
      script.add(fmt::format("timeout 20 {0}/tests --test-threads=1 {1} >{0}/run-{2}.txt 2>&1",
                             kExchange, arguments, script.count()),
                 alone);
    };
    add("", {});
    for (std::size_t i = 0; i < options.shuffled; ++i)
      add(fmt::format("-Z unstable-options --shuffle-seed {}", options.seed * 100 + i + 1), {});
    if (options.alone) {
      for (const PlacedTest& one : rust_placed_tests(**built)) add("--exact " + one.name, one.name);
    }
    // The harness shuffles where it is told that it is no stable one.
    auto ran =
        builder_->run_script("export RUSTC_BOOTSTRAP=1\n" + script.text(), kTestRunTime, stop);
    if (!ran) return std::unexpected(ran.error());
    for (std::size_t i = 0; i < script.count(); ++i) read_run(i, "", out);
    script.note_litter(*drivers_, out);
    return out;
  }

  Result<std::optional<Kills>> kill_by_tests(std::span<const Mutant> mutants,
                                             const std::vector<std::vector<std::size_t>>& by_mutant,
                                             std::span<const SourceTest> tests,
                                             std::stop_token stop) override {
    auto invalid = build_library_of(mutants, stop);
    if (!invalid) return std::unexpected(invalid.error());
    auto trouble = builder_->tests("mutants", "judged", test_path(),
                                   rust_without_inclusion(test_file({}, tests), crate_), stop);
    if (!trouble) return std::unexpected(trouble.error());
    if (!trouble->empty()) return std::nullopt;
    std::vector<std::string> selections;
    for (const SourceTest& one : tests) selections.push_back("--exact " + one.name);
    auto ran = builder_->run_script(
        mutant_run_script(fmt::format("{}/judged", kExchange), selections, by_mutant, *invalid),
        kTestRunTime, stop);
    if (!ran) return std::unexpected(ran.error());
    return kills_told(*drivers_, *std::move(invalid));
  }

 protected:
  std::string encoded_input(const Input& input) const override {
    return encoded(rust_fitted(input, source_), source_.functions);
  }
  syntax::Language language() const override { return syntax::Language::rust; }
  std::span<const BodySpan> bodies() const override { return source_.bodies; }
  sandbox::SandboxCommand probe_command(bool of_mutants) const override {
    auto out = builder_->command_for(
        {std::string(kExchange) + (of_mutants ? "/mutants/driver" : "/probe/driver"), kRequestFile,
         kAnswersFile});
    out.environment.push_back(movable_clock());
    return out;
  }
  Result<std::vector<bool>> build_mutants(std::span<const Mutant> mutants,
                                          const std::stop_token& stop) override {
    auto invalid = build_library_of(mutants, stop);
    if (!invalid) return invalid;
    auto trouble = builder_->driver("mutants", table_, stop);
    if (!trouble) return std::unexpected(trouble.error());
    if (!trouble->empty()) return fail(Errc::unavailable, "{}", first_error(*trouble));
    return invalid;
  }
  std::string defect_of(const Json&, const Input&) const override { return {}; }

  Result<Arcs> reached_by(const std::string& text, const std::stop_token& stop) override {
    auto trouble = builder_->tests("probe", "reaching", test_path(),
                                   rust_without_inclusion(text, crate_), stop);
    if (!trouble) return std::unexpected(trouble.error());
    if (!trouble->empty()) return Arcs{};
    return run_for_hits("reaching", 0, stop);
  }

 private:
  bool none_callable() const {
    return std::ranges::none_of(source_.functions,
                                [](const Function& one) { return one.uncallable.empty(); });
  }

  Result<void> ask_version(const std::stop_token& stop) {
    auto ran = sandbox_.run(builder_->command_for({tools_.rustc, "--version"}), limits(20s), stop);
    if (!ran && ran.error().code != Errc::not_found) return std::unexpected(ran.error());
    if (!ran || !ran->succeeded())
      return fail(Errc::unsupported,
                  "{} does not run in the sandbox: install rustc and cargo, or name one with "
                  "--cargo{}",
                  tools_.rustc,
                  ran ? ": " + utf8::one_line(ran->error_output.text.substr(0, 200)) : "");
    version_ = trimmed(ran->output.text);
    return {};
  }

  // Without what does not compile.
  Result<void> build_probe(const std::stop_token& stop) {
    auto library = builder_->library("probe", probed_.text, stop);
    if (!library) return std::unexpected(library.error());
    std::string trouble = *library;
    for (std::size_t round = 0; trouble.empty() && round < kRepairs; ++round) {
      const RustProbe probe = rust_probe(source_, crate_, probed_.probes.size());
      auto built = builder_->driver("probe", probe.text, stop);
      if (!built) return std::unexpected(built.error());
      table_ = probe.text;
      trouble = *built;
      if (trouble.empty()) return {};
      if (leave_out(trouble, probe) && !none_callable()) trouble.clear();
    }
    return fail(Errc::unavailable, "{} can't be built: {}", crate_.target.string(),
                first_error(trouble));
  }

  static bool leave_out_member(RustClass& of, const std::string& member) {
    if (!member.empty()) return std::erase(of.members, member) != 0;
    of.members.clear();
    return true;
  }

  // Functions and types that the compiler complains of; false: it is something else.
  bool leave_out(const std::string& trouble, const RustProbe& probe) {
    bool out = false;
    for (const std::size_t line : lines_named(trouble, "leyden_table.rs")) {
      if (const auto type = probe.type_lines.find(line); type != probe.type_lines.end())
        out = source_.types.erase(type->second) != 0 || out;
      if (const auto member = probe.member_lines.find(line); member != probe.member_lines.end())
        out = leave_out_member(source_.classes[member->second.first], member->second.second) || out;
      const auto made = probe.class_lines.find(line);
      for (std::size_t i = 0; i < probe.lines.size(); ++i) {
        const bool of_it = made != probe.class_lines.end() && source_.functions[i].needs_object() &&
                           source_.functions[i].class_name == made->second;
        if ((probe.lines[i] != line && !of_it) || !source_.functions[i].uncallable.empty())
          continue;
        source_.functions[i].uncallable = "a call of it does not compile: " + first_error(trouble);
        out = true;
      }
    }
    return out;
  }

  // The library of mutants; which of them did not compile.
  Result<std::vector<bool>> build_library_of(std::span<const Mutant> mutants,
                                             const std::stop_token& stop) {
    std::string valid;
    auto out = valid_mutants(mutants, crate_.target.filename().string(),
                             "if crate::leyden_probes::is({})", [&](const std::string& text) {
                               valid = text;
                               return builder_->library("mutants", text, stop, true);
                             });
    if (!out) return out;
    const bool any = std::ranges::find(*out, false) != out->end();
    auto trouble = builder_->library("mutants", any ? valid : text_, stop);
    if (!trouble) return std::unexpected(trouble.error());
    if (!trouble->empty()) return fail(Errc::unavailable, "{}", first_error(*trouble));
    return out;
  }

  // The text that was built: tests that do not compile are not in it. Nothing: none was.
  Result<std::optional<std::string>> build_tests(const std::string& text, TestRuns& out,
                                                 const std::stop_token& stop) {
    std::string now = rust_without_inclusion(text, crate_);
    for (std::size_t round = 0; round < kRepairs; ++round) {
      auto trouble = builder_->tests("plain", "tests", test_path(), now, stop);
      if (!trouble) return std::unexpected(trouble.error());
      if (trouble->empty()) return std::optional(now);
      out.trouble = first_error(*trouble);
      const std::set<std::size_t> lines = lines_named(*trouble, test_path().filename().string());
      const std::string before = now;
      leave_out_tests(now, rust_placed_tests(now), lines);
      if (now == before) break;
    }
    return std::optional<std::string>();
  }

  // What a program has written.

  // Runs a program of tests and counts what it reaches; what it says is run `number`.
  Result<Arcs> run_for_hits(const std::string& program, std::size_t number,
                            const std::stop_token& stop) {
    auto ran = builder_->run_script(
        fmt::format("rm -f {0}/hits\nLEYDEN_HITS={0}/hits timeout 100 {0}/{1} --test-threads=1 "
                    ">{0}/run-{2}.txt 2>&1 || true\n",
                    kExchange, program, number),
        kTestRunTime, stop);
    if (!ran) return std::unexpected(ran.error());
    const std::string hits = drivers_->taken("hits");
    std::vector<std::size_t> reached;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      if (hits[i] != '\0') reached.push_back(i);
    }
    return probed_.arcs_of(reached);
  }

  // "test total_1 ... ok", and what failures say below "---- total_1 stdout ----".
  void read_run(std::size_t number, const std::string& prefix, TestRuns& out) const {
    const std::string said = drivers_->taken(fmt::format("run-{}.txt", number));
    std::istringstream text(said);
    bool any = false;
    for (std::string line; std::getline(text, line);) {
      any = any || line.starts_with("test result:");
      const std::size_t end = line.find(" ... ");
      if (!line.starts_with("test ") || end == std::string::npos || line.ends_with("ignored"))
        continue;
      std::string name = line.substr(5, end - 5);
      if (const std::size_t more = name.find(" - "); more != std::string::npos) name.erase(more);
      TestRuns::Test& test = out.tests[prefix + name];
      ++test.runs;
      const bool passed = line.ends_with(" ok");
      if (passed) ++test.passed;
      if (!passed && test.failure.empty()) test.failure = failure_in(said, name);
    }
    if (any) return;
    ++out.broken_runs;
    if (out.trouble.empty()) out.trouble = utf8::one_line(said.substr(0, 300));
  }

  static std::string failure_in(const std::string& said, const std::string& name) {
    const std::string head = "---- " + name + " stdout ----\n";
    const std::size_t begin = said.find(head);
    if (begin == std::string::npos) return "it fails";
    const std::size_t end = said.find("\n\n", begin + head.size());
    return std::string(
        trimmed(std::string_view(said).substr(begin + head.size(), end - begin - head.size())));
  }

  RustOptions options_;
  RustCrate crate_;
  RustSource source_;
  RustTools tools_;
  std::unique_ptr<RustBuilder> builder_;
  std::string table_;
  std::string version_;
  std::optional<TestRuns> project_runs_;
  bool plain_is_built_ = false;
};

}  // namespace

Result<std::unique_ptr<Toolchain>> open_rust(const sandbox::Sandbox& sandbox, const fs::path& file,
                                             const RustOptions& options, std::stop_token stop) {
  auto out = std::make_unique<RustToolchain>(sandbox, options);
  if (auto opened = out->open(file, stop); !opened) return std::unexpected(opened.error());
  return out;
}

}  // namespace leyden::qa
