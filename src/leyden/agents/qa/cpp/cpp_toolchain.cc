#include "leyden/agents/qa/cpp/cpp_toolchain.h"

#include <algorithm>
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
#include "leyden/agents/qa/cpp/c_source.h"
#include "leyden/agents/qa/cpp/cpp_answer.h"
#include "leyden/agents/qa/cpp/cpp_builder.h"
#include "leyden/agents/qa/cpp/cpp_probe.h"
#include "leyden/agents/qa/cpp/cpp_project.h"
#include "leyden/agents/qa/cpp/cpp_syntax.h"
#include "leyden/agents/qa/cpp/cpp_text.h"
#include "leyden/agents/qa/cpp/sanitizer_finding.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr auto kProjectTime = 900s;            // To build the project's own tests and run them.
constexpr auto kTestRunTime = 120s;            // Of all runs of a test file together.
constexpr std::size_t kRepairs = 8;            // Of a program some of whose parts do not compile.
constexpr std::int64_t kOrdinary = 1'000'000;  // Numbers beyond may well overflow.
constexpr const char* kSanitizers =
    "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer "
    "-D_GLIBCXX_ASSERTIONS";

bool is_ordinary(const Value& value) {
  return value.integer < kOrdinary && value.integer > -kOrdinary &&
         std::ranges::all_of(value.items, [](const Value& item) { return is_ordinary(item); });
}

bool is_ordinary(const Input& input) {
  return std::ranges::all_of(input.construction,
                             [](const Value& one) { return is_ordinary(one); }) &&
         std::ranges::all_of(input.steps, [](const Step& step) {
           return std::ranges::all_of(step.arguments,
                                      [](const Value& one) { return is_ordinary(one); });
         });
}

class CppToolchain final : public CompiledToolchain {
 public:
  CppToolchain(const sandbox::Sandbox& sandbox, CppOptions options)
      : CompiledToolchain(sandbox, options.call_time), options_(std::move(options)) {}

  Result<void> open(const fs::path& file, const std::stop_token& stop) {
    auto project = find_cpp_project(file, syntax::Language::cpp);
    if (!project) return std::unexpected(project.error());
    project_ = *std::move(project);
    text_ = project_.files.back().text;
    source_ = options_.is_c ? c_source(project_.files) : cpp_source(project_.files);
    if (none_callable())
      return fail(Errc::invalid_argument, "{}: there is nothing that a test could call{}",
                  file.string(),
                  source_.functions.empty() ? "" : ": " + source_.functions[0].uncallable);
    for (const std::size_t one : source_.declaring)
      includes_.push_back(project_.include_of(project_.files[one].path));
    auto copy = copy_project(project_.root, project_.root / project_.target,
                             {".git", ".hg", ".svn", "build", "node_modules", ".venv"}, stop);
    if (!copy) return std::unexpected(copy.error());
    copy_ = *std::move(copy);
    auto drivers = DriverFolder::make();
    if (!drivers) return std::unexpected(drivers.error());
    drivers_ = *std::move(drivers);
    builder_.emplace(sandbox_, project_, *copy_, *drivers_);
    if (auto found = builder_->find_compiler(options_.compiler.string(), stop); !found)
      return found;
    probed_ = probed_source(project_.files.back().tree, text_, cpp_probe_syntax());
    return build_probe(stop);
  }

  const std::vector<Function>& functions() const override { return source_.functions; }
  std::string module() const override { return project_.include_of(project_.target); }
  std::string runner() const override {
    return "GoogleTest, " + builder_->compiler_says() + (sanitized_ ? "" : ", without sanitizers");
  }
  ModelWords words() const override {
    return {.language = options_.is_c ? "C, with tests in C++" : "C++",
            .fence = "cpp",
            .runner = "GoogleTest, each a TEST(Suite, Name) with a body in braces",
            .import = cpp_prelude(source_, includes_)};
  }

  std::string test_name(const Function& function, bool expects_error,
                        std::size_t number) const override {
    // The class without its namespaces and template arguments; in C the function's name says it.
    std::string of = options_.is_c ? std::string()
                                   : function.class_name.substr(0, function.class_name.find('<'));
    if (const std::size_t cut = of.rfind("::"); cut != std::string::npos) of.erase(0, cut + 2);
    return fmt::format("{}{}{}", cpp_camel_case(of + " " + function.name),
                       expects_error ? "Throws" : "", number);
  }
  void rename(SourceTest& test, const std::string& name) const override {
    if (const std::size_t at = test.text.find(test.name); at < 120)
      test.text.replace(at, test.name.size(), name);
    test.name = name;
  }

  // By CMake and ctest; a new file counts where the project's CMakeLists.txt finds it.
  Result<TestRuns> run_project(const std::string& text, std::stop_token stop) override {
    TestRuns out;
    if (!project_.has_tests) return out;
    const fs::path place = copy_->path() / project_.test_path;
    if (!text.empty()) {
      if (auto put = write_readable(place, text); !put) return std::unexpected(put.error());
    }
    if (auto put = builder_->put_target(probed_.text); !put) return std::unexpected(put.error());
    const std::string script = fmt::format(
        "cd {0}\nrm -f hits ctest.xml\n"
        "flags='-w -DLEYDEN_RECORD -include {2}/leyden_probes.h'\n"
        "cmake -S {1} -B project -DCMAKE_CXX_FLAGS=\"$flags\" -DCMAKE_C_FLAGS=\"$flags\" >&2\n"
        "cmake --build project -j2 >&2\ncd project\n"
        "LEYDEN_HITS={0}/hits ctest --timeout 30 --output-junit {0}/ctest.xml || true\n",
        kExchange, kCppProject, kDrivers);
    auto trouble = builder_->run_script(script, kProjectTime, stop);
    std::error_code ignored;
    if (!text.empty()) fs::remove(place, ignored);
    if (auto back = builder_->put_target({}); !back) return std::unexpected(back.error());
    if (!trouble) return std::unexpected(trouble.error());
    out.trouble = trouble->empty() ? "" : first_error(*trouble);
    out.reached = recorded();
    read_ctest(out);
    return out;
  }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    return cpp_tests_in(answer);
  }

  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return cpp_test_file(cases, written, source_,
                         {.includes = includes_,
                          .suite = cpp_camel_case(project_.target.stem().string()) + "Test",
                          .about = project_.target.generic_string()});
  }
  fs::path test_path() const override { return project_.test_path; }

  Result<TestRuns> run_tests(const fs::path&, const std::string& text,
                             const TestRunOptions& options, std::stop_token stop) override {
    TestRuns out;
    auto built = build_tests(text, out, stop);
    if (!built) return std::unexpected(built.error());
    if (!*built) return out;
    TestRunScript script({});
    const auto add = [&](const std::string& arguments, const std::string& alone) {
      script.add(fmt::format("timeout 20 {0}/tests {1} --gtest_output=json:{0}/run-{2}.json "
                             ">/dev/null 2>&1",
                             kExchange, arguments, script.count()),
                 alone);
    };
    add("", {});
    for (std::size_t i = 0; i < options.shuffled; ++i)
      add(fmt::format("--gtest_shuffle --gtest_random_seed={}",
                      (options.seed * 100 + i) % 99'999 + 1),
          {});
    if (options.alone) {
      for (const PlacedTest& one : cpp_placed_tests(*built_tests_))
        add(fmt::format("--gtest_filter=*.{}", one.name), one.name);
    }
    auto ran = builder_->run_script(script.text(), kTestRunTime, stop);
    if (!ran) return std::unexpected(ran.error());
    for (std::size_t i = 0; i < script.count(); ++i) read_run(i, out);
    script.note_litter(*drivers_, out);
    return out;
  }

  Result<std::optional<Kills>> kill_by_tests(std::span<const Mutant> mutants,
                                             const std::vector<std::vector<std::size_t>>& by_mutant,
                                             std::span<const SourceTest> tests,
                                             std::stop_token stop) override {
    CppProgram wanted = test_program("judged", {});
    wanted.flags = "-DLEYDEN_RECORD";
    const fs::path place = copy_->path() / project_.test_path;
    if (auto put = write_readable(place, test_file({}, tests)); !put)
      return std::unexpected(put.error());
    auto invalid = build_with_mutants(wanted, mutants, stop);
    std::error_code ignored;
    fs::remove(place, ignored);
    if (!invalid) return std::unexpected(invalid.error());
    std::vector<std::string> selections;
    for (const SourceTest& one : tests) selections.push_back("--gtest_filter=*." + one.name);
    auto ran = builder_->run_script(
        mutant_run_script(fmt::format("{}/judged", kExchange), selections, by_mutant, *invalid),
        kTestRunTime, stop);
    if (!ran) return std::unexpected(ran.error());
    return kills_told(*drivers_, *std::move(invalid));
  }

 protected:
  std::string encoded_input(const Input& input) const override {
    return encoded(fitted(input, source_.functions, cpp_integer_range), source_.functions);
  }
  syntax::Language language() const override {
    return options_.is_c ? syntax::Language::c : syntax::Language::cpp;
  }
  std::span<const BodySpan> bodies() const override { return source_.bodies; }
  sandbox::SandboxCommand probe_command(bool of_mutants) const override {
    auto out = builder_->command_for({std::string(kExchange) + (of_mutants ? "/mutants" : "/probe"),
                                      kRequestFile, kAnswersFile});
    out.environment = {
        {"ASAN_OPTIONS", "detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=512"},
        {"UBSAN_OPTIONS", "print_stacktrace=0"},
        {"TZ", "UTC"}};
    return out;
  }

  Result<std::vector<bool>> build_mutants(std::span<const Mutant> mutants,
                                          const std::stop_token& stop) override {
    return build_with_mutants(program("mutants", {}), mutants, stop);
  }

  // Where and what, with a call that shows it, once: addresses and values change from input to input and say little.
  std::string defect_of(const Json& line, const Input& input) const override {
    const auto found =
        sanitizer_finding(line.value("said", ""), project_.target.filename().string());
    const Input used = fitted(input, source_.functions, cpp_integer_range);
    if (!found || passes_null(used) || (found->by_size && !is_ordinary(used))) return {};
    const std::string kind = found->what.substr(0, found->what.find_first_of(":0123456789"));
    if (!told_.insert(fmt::format("{} {} {}", input.function(), found->line, kind)).second)
      return {};
    std::string calls;
    for (const Step& step : used.steps) calls += (calls.empty() ? "" : "; ") + call_text(step);
    return fmt::format("undefined behaviour{}: {} ({})",
                       found->line == 0 ? "" : fmt::format(" in line {}", found->line), found->what,
                       calls);
  }

 private:
  std::string call_text(const Step& step) const {
    const Function& function = source_.functions[step.function];
    std::vector<std::string> arguments;
    arguments.reserve(step.arguments.size());
    for (std::size_t i = 0; i < step.arguments.size(); ++i)
      arguments.push_back(cpp_literal(step.arguments[i], function.parameters[i].type, source_));
    return fmt::format("{}({})", function.name, joined(arguments, ", "));
  }

  // A null pointer, which a type allows and its function seldom does.
  bool passes_null(const Input& input) const {
    return std::ranges::any_of(input.steps, [&](const Step& step) {
      for (std::size_t i = 0; i < step.arguments.size(); ++i) {
        if (step.arguments[i].kind == Value::Kind::none &&
            source_.functions[step.function].parameters[i].type.name.ends_with('*'))
          return true;
      }
      return false;
    });
  }

  bool none_callable() const {
    return std::ranges::none_of(source_.functions,
                                [](const Function& one) { return one.uncallable.empty(); });
  }

  bool is_included() const { return project_.is_header() || source_.includes_source; }

  CppProgram program(const std::string& name, const std::string& target) const {
    return {.name = name,
            .target = target,
            .main = std::string(kDrivers) + "/probe_main.cc",
            .includes_target = is_included()};
  }
  CppProgram test_program(const std::string& name, const std::string& target) const {
    CppProgram out = program(name, target);
    out.main = std::string(kCppProject) + "/" + project_.test_path.generic_string();
    out.libraries = "-lgtest_main -lgtest -pthread";
    return out;
  }

  // Without what does not compile; without sanitizers where they can't be had.
  Result<void> build_probe(const std::stop_token& stop) {
    std::string sanitizers = std::string(kSanitizers) + " -g1";
    std::string trouble;
    for (std::size_t round = 0; round < kRepairs; ++round) {
      const CppProbe probe = cpp_probe(source_, includes_);
      if (auto put = drivers_->put("probe_main.cc", probe.text); !put) return put;
      CppProgram wanted = program("probe", probed_.text);
      wanted.flags = sanitizers;
      auto built = builder_->build(wanted, stop);
      if (!built) return std::unexpected(built.error());
      trouble = *built;
      if (trouble.empty()) {
        if (starts(stop) || sanitizers.empty()) break;
        sanitizers.clear();
        continue;
      }
      const bool found = leave_out(probe, trouble);
      if (!found || none_callable()) break;
    }
    if (!trouble.empty())
      return fail(Errc::unavailable, "{} can't be built: {}", project_.target.string(),
                  first_error(trouble));
    sanitized_ = !sanitizers.empty();
    return {};
  }

  // What the compiler's message names; whether that is anything.
  bool leave_out(const CppProbe& probe, const std::string& trouble) {
    const std::set<std::size_t> lines = lines_named(trouble, "probe_main.cc");
    if (leave_out_observers(probe, lines)) return true;
    bool found = false;
    const auto drop = [&](Function& function) {
      if (!function.uncallable.empty()) return;
      function.uncallable = "a call of it does not compile: " + first_error(trouble);
      found = true;
    };
    for (const std::size_t line : lines) {
      if (const auto function = probe.function_at(line)) drop(source_.functions[*function]);
      const auto type = probe.type_at(line);
      if (!type) continue;
      CppOwnType& own = source_.types[*type];
      found = found || !own.maker.empty() || !own.observers.empty();
      own = {.kind = own.kind, .name = own.name, .enumerators = own.enumerators};
      for (Function& one : source_.functions) {
        if (one.needs_object() && one.class_name == own.name) drop(one);
      }
    }
    return found;
  }

  // What an object can't be asked, though its class is fine.
  bool leave_out_observers(const CppProbe& probe, const std::set<std::size_t>& lines) {
    bool found = false;
    for (const CppProbe::Observer& one : probe.observers) {
      if (!lines.contains(one.line)) continue;
      CppOwnType& own = source_.types[one.type];
      found = true;
      if (one.text.starts_with("@.")) std::erase(own.fields, one.text.substr(2));
      std::erase(own.observers, one.text);
      std::erase(own.takers, one.text);
      std::erase_if(own.keyed, [&](const CppKeyed& keyed) { return keyed.text == one.text; });
      if (own.writer && own.writer->statement == one.text) own.writer.reset();
      if (one.text == "@_items") own.is_gone_through = false;
    }
    return found;
  }

  bool starts(const std::stop_token& stop) {
    auto lines = drivers_->run_with_text(sandbox_, probe_command(false), limits(20s),
                                         "s4:none i1 i0 i0", stop);
    return lines && !lines->empty();
  }

  // Which mutants it is without, since they do not compile.
  Result<std::vector<bool>> build_with_mutants(CppProgram wanted, std::span<const Mutant> mutants,
                                               const std::stop_token& stop) {
    return valid_mutants(mutants, project_.target.filename().string(), "if (leyden_is({}))",
                         [&](const std::string& text) {
                           wanted.target = text;
                           return builder_->build(wanted, stop);
                         });
  }

  // Whether there is a program; tests that do not compile are not in it.
  Result<bool> build_tests(const std::string& text, TestRuns& out, const std::stop_token& stop) {
    std::string now = text;
    CppProgram wanted = test_program("tests", text_);
    wanted.probed = false;
    for (std::size_t round = 0; round < kRepairs; ++round) {
      auto trouble = build_test(wanted, now, stop);
      if (!trouble) return std::unexpected(trouble.error());
      if (trouble->empty()) {
        built_tests_ = std::move(now);
        return true;
      }
      out.trouble = first_error(*trouble);
      if (trouble->find("gtest/gtest.h: No such") != std::string::npos ||
          trouble->find("'gtest/gtest.h' file not found") != std::string::npos)
        return fail(Errc::unsupported, "there is no GoogleTest: install libgtest-dev");
      const std::set<std::size_t> lines =
          lines_named(*trouble, project_.test_path.filename().string());
      const std::string before = now;
      leave_out_tests(now, cpp_placed_tests(now), lines);
      if (now == before) break;
    }
    return false;
  }

  Result<std::string> build_test(const CppProgram& wanted, const std::string& text,
                                 const std::stop_token& stop) {
    const fs::path place = copy_->path() / project_.test_path;
    if (auto put = write_readable(place, text); !put) return std::unexpected(put.error());
    auto trouble = builder_->build(wanted, stop);
    std::error_code ignored;
    fs::remove(place, ignored);
    return trouble;
  }

  // What a file of tests reaches in the target, by a run of its own.
  Result<Arcs> reached_by(const std::string& text, const std::stop_token& stop) override {
    CppProgram wanted = test_program("reaching", probed_.text);
    wanted.flags = "-DLEYDEN_RECORD";
    auto trouble = build_test(wanted, text, stop);
    if (!trouble) return std::unexpected(trouble.error());
    auto ran = builder_->run_script(
        fmt::format("cd {0}; rm -f hits; LEYDEN_HITS={0}/hits ./reaching || true", kExchange),
        kTestRunTime, stop);
    if (!ran) return std::unexpected(ran.error());
    return recorded();
  }

  // Of a file that a program has written.
  std::vector<std::size_t> numbers_in(const char* name) const {
    std::vector<std::size_t> out;
    std::istringstream text(drivers_->taken(name));
    for (std::size_t number = 0; text >> number;) out.push_back(number);
    return out;
  }
  Arcs recorded() const { return probed_.arcs_of(numbers_in("hits")); }

  void read_ctest(TestRuns& out) const {
    const std::string text = drivers_->taken("ctest.xml");
    for (std::size_t at = text.find("<testcase "); at != std::string::npos;
         at = text.find("<testcase ", at + 1)) {
      const std::string line = text.substr(at, text.find('>', at) - at);
      const std::size_t name = line.find("name=\"") + 6;
      TestRuns::Test& test = out.tests[line.substr(name, line.find('"', name) - name)];
      ++test.runs;
      if (line.find("status=\"run\"") != std::string::npos) ++test.passed;
    }
  }

  void read_run(std::size_t number, TestRuns& out) const {
    const Json answer =
        Json::parse(drivers_->taken(fmt::format("run-{}.json", number)), nullptr, false);
    if (!answer.is_object()) {
      ++out.broken_runs;
      return;
    }
    for (const Json& suite : answer.value("testsuites", Json::array())) {
      for (const Json& one : suite.value("testsuite", Json::array())) {
        if (one.value("status", "") != "RUN") continue;
        TestRuns::Test& test = out.tests[one.value("name", "")];
        ++test.runs;
        const Json failures = one.value("failures", Json::array());
        if (failures.empty()) {
          ++test.passed;
        } else if (test.failure.empty()) {
          test.failure = failures[0].value("failure", "");
        }
      }
    }
  }

  CppOptions options_;
  CppProject project_;
  CppSource source_;
  std::vector<std::string> includes_;
  std::optional<CppBuilder> builder_;
  bool sanitized_ = true;
  std::optional<std::string> built_tests_;
  mutable std::set<std::string> told_;  // Undefined behaviour, once for each place.
};

}  // namespace

Result<std::unique_ptr<Toolchain>> open_cpp(const sandbox::Sandbox& sandbox, const fs::path& file,
                                            const CppOptions& options, std::stop_token stop) {
  auto out = std::make_unique<CppToolchain>(sandbox, options);
  if (auto opened = out->open(file, stop); !opened) return std::unexpected(opened.error());
  return out;
}

}  // namespace leyden::qa
