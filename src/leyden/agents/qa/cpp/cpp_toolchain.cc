#include "leyden/agents/qa/cpp/cpp_toolchain.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compiled/compiled_toolchain.h"
#include "leyden/agents/qa/compiled/encoding.h"
#include "leyden/agents/qa/cpp/cpp_probe.h"
#include "leyden/agents/qa/cpp/cpp_project.h"
#include "leyden/agents/qa/cpp/cpp_syntax.h"
#include "leyden/agents/qa/cpp/cpp_text.h"
#include "leyden/agents/qa/cpp/sanitizer_finding.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* kProject = "/project";
constexpr auto kCompileTime = 180s;
constexpr auto kTestRunTime = 120s;            // Of all runs of a test file together.
constexpr std::size_t kRepairs = 6;            // Of a program some of whose parts do not compile.
constexpr std::size_t kShownMax = 300;         // Of a compiler's message.
constexpr std::int64_t kOrdinary = 1'000'000;  // Numbers beyond may well overflow.
constexpr const char* kSanitizers =
    "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer";

// Lines of a file that a compiler's message names: errors and what led to them.
std::set<std::size_t> lines_named(std::string_view message, std::string_view file) {
  std::set<std::size_t> out;
  const std::string mark = std::string(file) + ":";
  for (std::size_t at = message.find(mark); at != std::string_view::npos;
       at = message.find(mark, at + 1)) {
    std::size_t line = 0;
    for (std::size_t i = at + mark.size();
         i < message.size() && message[i] >= '0' && message[i] <= '9'; ++i)
      line = line * 10 + static_cast<std::size_t>(message[i] - '0');
    const std::string_view rest = message.substr(at, message.find('\n', at) - at);
    if (line != 0 && rest.find("warning:") == std::string_view::npos) out.insert(line);
  }
  return out;
}

std::string first_error(std::string_view message) {
  const std::size_t at = message.find("error");
  const std::size_t begin = at == std::string_view::npos ? 0 : message.rfind('\n', at) + 1;
  return utf8::one_line(std::string(message.substr(begin, kShownMax)));
}

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
    source_ = cpp_source(project_.files);
    if (none_callable())
      return fail(Errc::invalid_argument, "{}: there is nothing that a test could call{}",
                  file.string(),
                  source_.functions.empty() ? "" : ": " + source_.functions[0].uncallable);
    for (const std::size_t one : source_.declaring)
      includes_.push_back(project_.include_of(project_.files[one].path));
    auto copy = sandbox::ProjectCopy::make(
        project_.root, {.leave_out = {".git", ".hg", ".svn", "build", "node_modules", ".venv"}},
        stop);
    if (!copy) return std::unexpected(copy.error());
    copy_ = *std::move(copy);
    auto drivers = DriverFolder::make();
    if (!drivers) return std::unexpected(drivers.error());
    drivers_ = *std::move(drivers);
    if (auto found = find_compiler(stop); !found) return found;
    probed_ = probed_source(project_.files.back().tree, text_, cpp_probe_syntax());
    return build_probe(stop);
  }

  const std::vector<Function>& functions() const override { return source_.functions; }
  std::string module() const override { return project_.include_of(project_.target); }
  std::string runner() const override { return "GoogleTest, " + compiler_says_; }
  ModelWords words() const override {
    return {.language = "C++",
            .fence = "cpp",
            .runner = "GoogleTest, each a TEST(Suite, Name) with a body in braces",
            .import = "#include \"" + (includes_.empty() ? module() : includes_.front()) + "\""};
  }

  std::string test_name(const Function& function, bool expects_error,
                        std::size_t number) const override {
    // The class without its namespaces and template arguments.
    std::string of = function.class_name.substr(0, function.class_name.find('<'));
    if (const std::size_t cut = of.rfind("::"); cut != std::string::npos) of.erase(0, cut + 2);
    return fmt::format("{}{}{}", cpp_camel_case(of + " " + function.name),
                       expects_error ? "Throws" : "", number);
  }
  void rename(SourceTest& test, const std::string& name) const override {
    if (const std::size_t at = test.text.find(test.name); at < 120)
      test.text.replace(at, test.name.size(), name);
    test.name = name;
  }

  Result<TestRuns> run_project(const std::string&, std::stop_token) override { return TestRuns{}; }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    const std::size_t fence = answer.find("```");
    std::string_view code = answer;
    if (fence != std::string_view::npos) {
      code = answer.substr(std::min(answer.find('\n', fence), answer.size()));
      code = code.substr(0, code.find("```"));
    }
    std::vector<SourceTest> out;
    std::vector<std::string> imports;
    std::string support;
    std::size_t at = 0;
    for (const CppPlacedTest& one : cpp_placed_tests(code)) {
      support += code.substr(at, one.begin - at);
      at = one.end;
      out.push_back({.name = one.name,
                     .text = std::string(code.substr(one.begin, one.end - one.begin)),
                     .imports = {},
                     .support = {}});
    }
    if (out.empty()) return fail(Errc::invalid_argument, "there is no TEST(Suite, Name) in it");
    std::string kept;
    for (std::size_t begin = 0; begin < support.size();) {
      const std::size_t end = std::min(support.find('\n', begin), support.size());
      const std::string line = support.substr(begin, end - begin);
      if (line.starts_with("#include")) {
        imports.push_back(line);
      } else {
        kept += line + "\n";
      }
      begin = end + 1;
    }
    const std::size_t first = kept.find_first_not_of(" \n\r\t");
    kept = first == std::string::npos ? "" : kept.substr(first);
    for (SourceTest& one : out) {
      one.imports = imports;
      one.support = kept;
    }
    return out;
  }

  Result<Judgement> judge(const SourceTest& test, std::span<const Mutant>,
                          std::stop_token stop) override {
    const std::string text = test_file({}, std::span(&test, 1));
    auto runs = run_tests(project_.test_path, text, {.shuffled = 4, .alone = false}, stop);
    if (!runs) return std::unexpected(runs.error());
    Judgement out;
    const auto found = runs->tests.find(test.name);
    out.good = found != runs->tests.end() && found->second.passed == found->second.runs &&
               found->second.runs == 5;
    if (!out.good) out.reason = found != runs->tests.end() ? found->second.failure : runs->trouble;
    out.arcs = std::move(runs->reached);
    return out;
  }

  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return cpp_test_file(cases, written, source_,
                         {.includes = includes_,
                          .suite = cpp_camel_case(project_.target.stem().string()) + "Test",
                          .about = project_.target.generic_string()});
  }
  fs::path test_path() const override { return project_.test_path; }

  Result<TestRuns> run_tests(const fs::path& path, const std::string& text,
                             const TestRunOptions& options, std::stop_token stop) override {
    TestRuns out;
    auto built = build_tests(path, text, out, stop);
    if (!built) return std::unexpected(built.error());
    if (!*built) return out;
    std::vector<std::string> runs = {""};
    for (std::size_t i = 0; i < options.shuffled; ++i)
      runs.push_back(fmt::format("--gtest_shuffle --gtest_random_seed={}",
                                 (options.seed * 100 + i) % 99'999 + 1));
    if (options.alone) {
      for (const CppPlacedTest& one : cpp_placed_tests(*built_tests_))
        runs.push_back(fmt::format("--gtest_filter=*.{}", one.name));
    }
    std::string script;
    for (std::size_t i = 0; i < runs.size(); ++i)
      script += fmt::format(
          "timeout 20 {0}/tests {1} --gtest_output=json:{0}/run-{2}.json "
          ">{0}/run-{2}.txt 2>&1\n",
          kExchange, runs[i], i);
    auto ran = sandbox_.run(command_for({"sh", "-c", script + "true"}), limits(kTestRunTime), stop);
    if (!ran) return std::unexpected(ran.error());
    for (std::size_t i = 0; i < runs.size(); ++i) read_run(i, out);
    return out;
  }

 protected:
  std::string encoded_input(const Input& input) const override {
    return encoded(fitted(input, source_.functions, cpp_integer_range), source_.functions);
  }
  syntax::Language language() const override { return syntax::Language::cpp; }
  std::span<const BodySpan> bodies() const override { return source_.bodies; }
  sandbox::SandboxCommand probe_command(bool of_mutants) const override {
    auto out = command_for({std::string(kExchange) + (of_mutants ? "/mutants" : "/probe"),
                            kRequestFile, kAnswersFile});
    out.environment = {
        {"ASAN_OPTIONS", "detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=512"},
        {"UBSAN_OPTIONS", "print_stacktrace=0"},
        {"TZ", "UTC"}};
    return out;
  }

  Result<std::vector<bool>> build_mutants(std::span<const Mutant> mutants,
                                          const std::stop_token& stop) override {
    std::vector<bool> out(mutants.size());
    for (std::size_t round = 0; round < kRepairs; ++round) {
      const Schemata all = schemata_of(text_, source_.bodies, mutants, out, [](std::size_t number) {
        return fmt::format("if (leyden_is({}))", number);
      });
      auto trouble = build(all.text, "mutants", "", stop);
      if (!trouble) return std::unexpected(trouble.error());
      if (trouble->empty()) return out;
      bool found = false;
      for (const std::size_t line : lines_named(*trouble, project_.target.filename().string())) {
        for (const std::size_t mutant : all.at_line(line)) {
          found = found || !out[mutant];
          out[mutant] = true;
        }
      }
      if (!found) break;
    }
    out.assign(mutants.size(), true);
    return out;
  }

  // Where and what, with a call that shows it, once: addresses and values change from input to input and say little.
  std::string defect_of(const Json& line, const Input& input) const override {
    const auto found =
        sanitizer_finding(line.value("said", ""), project_.target.filename().string());
    const Input used = fitted(input, source_.functions, cpp_integer_range);
    if (!found || (found->by_size && !is_ordinary(used))) return {};
    const std::string kind = found->what.substr(0, found->what.find_first_of(":0123456789"));
    if (!told_.insert(fmt::format("{} {} {}", input.function(), found->line, kind)).second)
      return {};
    const Function& function = source_.functions[input.function()];
    std::vector<std::string> arguments;
    const std::vector<Value>& values = used.steps.back().arguments;
    for (std::size_t i = 0; i < values.size(); ++i)
      arguments.push_back(cpp_literal(values[i], function.parameters[i].type, source_));
    return fmt::format("undefined behaviour{}: {} ({}({}))",
                       found->line == 0 ? "" : fmt::format(" in line {}", found->line), found->what,
                       function.name, joined(arguments, ", "));
  }

 private:
  bool none_callable() const {
    return std::ranges::none_of(source_.functions,
                                [](const Function& one) { return one.uncallable.empty(); });
  }

  sandbox::SandboxCommand command_for(std::vector<std::string> argv) const {
    sandbox::SandboxCommand out;
    out.argv = std::move(argv);
    drivers_->mount_into(out);
    out.mounts.push_back({.host = copy_->path(), .inside = kProject});
    out.working_directory = kProject;
    return out;
  }

  Result<void> find_compiler(const std::stop_token& stop) {
    std::vector<std::string> names = {"g++", "clang++", "c++"};
    if (!options_.compiler.empty()) names = {options_.compiler.string()};
    for (const std::string& name : names) {
      auto ran = sandbox_.run(command_for({name, "--version"}), limits(20s), stop);
      if (!ran && ran.error().code != Errc::not_found) return std::unexpected(ran.error());
      if (!ran || !ran->succeeded()) continue;
      compiler_ = name;
      compiler_says_ = ran->output.text.substr(0, ran->output.text.find('\n'));
      return {};
    }
    return fail(Errc::unsupported,
                "there is no {} in the sandbox: install g++ or clang++, or name it with --cxx",
                names.front());
  }

  // Flags of all compilations.
  std::string flags() const {
    const int standard =
        std::max(17, project_.standard.empty() ? 20 : std::stoi(project_.standard));
    std::string out = fmt::format("-std=gnu++{} -w -O0 -I{}", standard, kDrivers);
    for (const std::string& folder : project_.include_folders)
      out += fmt::format(" -I{}/{}", kProject, folder);
    return out + " -pthread";
  }

  // What a command says where it fails; empty: it did not.
  Result<std::string> run_script(const std::string& script, const std::stop_token& stop) {
    auto ran =
        sandbox_.run(command_for({"sh", "-c", "set -e\n" + script}), limits(kCompileTime), stop);
    if (!ran) return std::unexpected(ran.error());
    if (ran->succeeded()) return std::string();
    const std::string said = ran->error_output.text + ran->output.text;
    return said.empty() ? "error: " + std::string(sandbox::name_of(ran->outcome)) : said;
  }

  // Objects of the other sources, once.
  std::string other_sources() {
    std::string out;
    for (std::size_t i = 0; i < project_.sources.size(); ++i)
      out += fmt::format("test -f {1}/other-{2}.o || {0} {3} -c {4}/{5} -o {1}/other-{2}.o\n",
                         compiler_, kExchange, i, flags(), kProject,
                         project_.sources[i].generic_string());
    return out;
  }
  std::string other_objects() const {
    std::string out;
    for (std::size_t i = 0; i < project_.sources.size(); ++i)
      out += fmt::format(" {}/other-{}.o", kExchange, i);
    return out;
  }

  bool is_included() const { return project_.is_header() || source_.includes_source; }

  // The program `name`, with `target` in the place of the tested file.
  Result<std::string> build(const std::string& target, const std::string& name,
                            const std::string& more, const std::stop_token& stop) {
    const fs::path place = copy_->path() / project_.target;
    if (auto put = write_readable(place, target); !put) return std::unexpected(put.error());
    std::string script = other_sources();
    const std::string probes = fmt::format("-include {}/leyden_probes.h", kDrivers);
    if (!is_included())
      script +=
          fmt::format("{0} {1} {2} {3} -c {4}/{5} -o {6}/{7}-target.o\n", compiler_, flags(),
                      probes, more, kProject, project_.target.generic_string(), kExchange, name);
    const std::string main = fmt::format("{}/{}main.o", kExchange, is_included() ? name + "-" : "");
    const std::string compile_main =
        fmt::format("{} {} {} {} -c {}/probe_main.cc -o {}", compiler_, flags(), probes,
                    is_included() ? more : "", kDrivers, main);
    // What does not include the target is the same in both programs.
    script +=
        is_included() ? compile_main + "\n" : fmt::format("test -f {} || {}\n", main, compile_main);
    script += fmt::format("{0} {1} {2}{3}{4} -o {5}/{6} -pthread{7}\n", compiler_, more, main,
                          is_included() ? "" : fmt::format(" {}/{}-target.o", kExchange, name),
                          other_objects(), kExchange, name, libraries());
    auto trouble = run_script(script, stop);
    if (auto back = write_readable(place, text_); !back) return std::unexpected(back.error());
    return trouble;
  }

  std::string libraries() const {
    std::string out;
    for (const std::string& one : project_.libraries) out += " " + one;
    return out;
  }

  // Without what does not compile; without sanitizers where they can't be had.
  Result<void> build_probe(const std::stop_token& stop) {
    std::string sanitizers = std::string(kSanitizers) + " -g1";
    std::string trouble;
    for (std::size_t round = 0; round < kRepairs; ++round) {
      const CppProbe probe = cpp_probe(source_, includes_);
      if (auto put = drivers_->put("probe_main.cc", probe.text); !put) return put;
      auto built = build(probed_.text, "probe", sanitizers, stop);
      if (!built) return std::unexpected(built.error());
      trouble = *built;
      if (trouble.empty()) {
        if (starts(stop) || sanitizers.empty()) break;
        sanitizers.clear();
        continue;
      }
      bool found = false;
      for (const std::size_t line : lines_named(trouble, "probe_main.cc")) {
        const auto function = probe.function_at(line);
        if (!function || !source_.functions[*function].uncallable.empty()) continue;
        source_.functions[*function].uncallable =
            "a call of it does not compile: " + first_error(trouble);
        found = true;
      }
      if (!found || none_callable()) break;
    }
    if (!trouble.empty())
      return fail(Errc::unavailable, "{} can't be built: {}", project_.target.string(),
                  first_error(trouble));
    if (sanitizers.empty()) compiler_says_ += ", without sanitizers";
    return {};
  }

  bool starts(const std::stop_token& stop) {
    auto lines = drivers_->run_with_text(sandbox_, probe_command(false), limits(20s),
                                         "s4:none i1 i0 i0", stop);
    return lines && !lines->empty();
  }

  // Whether there is a program; tests that do not compile are not in it.
  Result<bool> build_tests(const fs::path& path, const std::string& text, TestRuns& out,
                           const std::stop_token& stop) {
    std::string now = text;
    const fs::path place = copy_->path() / path;
    std::string script = other_sources();
    if (!is_included())
      script += fmt::format("test -f {0}/plain.o || {1} {2} -c {3}/{4} -o {0}/plain.o\n", kExchange,
                            compiler_, flags(), kProject, project_.target.generic_string());
    script += fmt::format("{0} {1} {2}/{3} {4}{5} -o {6}/tests -lgtest_main -lgtest -pthread{7}\n",
                          compiler_, flags(), kProject, path.generic_string(),
                          is_included() ? "" : fmt::format("{}/plain.o", kExchange),
                          other_objects(), kExchange, libraries());
    for (std::size_t round = 0; round < kRepairs; ++round) {
      if (auto put = write_readable(place, now); !put) return std::unexpected(put.error());
      auto trouble = run_script(script, stop);
      std::error_code ignored;
      fs::remove(place, ignored);
      if (!trouble) return std::unexpected(trouble.error());
      if (trouble->empty()) {
        built_tests_ = std::move(now);
        return true;
      }
      out.trouble = first_error(*trouble);
      if (trouble->find("gtest/gtest.h") != std::string::npos)
        return fail(Errc::unsupported, "there is no GoogleTest: install libgtest-dev");
      const std::set<std::size_t> lines = lines_named(*trouble, path.filename().string());
      const std::string before = now;
      std::vector<CppPlacedTest> tests = cpp_placed_tests(now);
      for (std::size_t i = tests.size(); i-- > 0;) {
        const auto line = lines.lower_bound(tests[i].first_line);
        if (line != lines.end() && *line <= tests[i].last_line)
          now.erase(tests[i].begin, tests[i].end - tests[i].begin);
      }
      if (now == before) break;
    }
    return false;
  }

  void read_run(std::size_t number, TestRuns& out) const {
    const fs::path file = drivers_->exchange() / fmt::format("run-{}.json", number);
    std::error_code ignored;
    auto text = fs::is_regular_file(fs::symlink_status(file, ignored))
                    ? read_file(file, 16 * MiB)
                    : fail(Errc::not_found, "no answer");
    const Json answer = text ? Json::parse(*text, nullptr, false) : Json();
    fs::remove(file, ignored);
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
  std::string compiler_;
  std::string compiler_says_;
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
