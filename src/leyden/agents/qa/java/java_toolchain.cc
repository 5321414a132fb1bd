#include "leyden/agents/qa/java/java_toolchain.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compiled/compiled_toolchain.h"
#include "leyden/agents/qa/compiled/compiler_message.h"
#include "leyden/agents/qa/compiled/encoding.h"
#include "leyden/agents/qa/java/java_answer.h"
#include "leyden/agents/qa/java/java_probe.h"
#include "leyden/agents/qa/java/java_project.h"
#include "leyden/agents/qa/java/java_session.h"
#include "leyden/agents/qa/java/java_syntax.h"
#include "leyden/agents/qa/java/java_text.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kProject = "/project";
constexpr const char* kPlain = "/exchange/plain";  // The project as it is,
constexpr const char* kTests = "/exchange/tests";  // and one file of tests.
constexpr std::size_t kRepairs = 6;
// Of all that a method becomes with its mutants: a method of more than 64 KB can't be compiled.
constexpr std::size_t kMethodBytesMax = 40'000;

class JavaToolchain final : public CompiledToolchain {
 public:
  JavaToolchain(const sandbox::Sandbox& sandbox, JavaOptions options)
      : CompiledToolchain(sandbox, options.call_time), options_(std::move(options)) {}

  Result<void> open(const fs::path& file, const std::stop_token& stop) {
    auto project = find_java_project(file);
    if (!project) return std::unexpected(project.error());
    project_ = *std::move(project);
    text_ = project_.files.back().text;
    source_ = java_source(project_.files);
    if (none_callable())
      return fail(Errc::invalid_argument, "{}: there is nothing that a test could call{}",
                  file.string(),
                  source_.functions.empty() ? "" : ": " + source_.functions[0].uncallable);
    std::vector<fs::path> jars;
    jars.reserve(project_.jars.size());
    for (const fs::path& jar : project_.jars) jars.push_back(project_.root / jar);
    auto kit = find_java_kit(options_, std::move(jars));
    if (!kit) return std::unexpected(kit.error());
    kit_ = *std::move(kit);
    if (auto ready = prepare_copy(stop); !ready) return ready;
    probed_ = probed_source(project_.files.back().tree, text_, java_probe_syntax());
    session_ = std::make_unique<JavaSession>(sandbox_, *drivers_, project_, kit_, copy_->path());
    if (auto opened = session_->open(stop); !opened) return opened;
    return build_probe(stop);
  }

  const std::vector<Function>& functions() const override { return source_.functions; }
  std::string module() const override { return project_.qualified(project_.class_name()); }
  std::string runner() const override { return "JUnit 5, Java " + kit_.version; }
  ModelWords words() const override {
    const std::string place =
        project_.package.empty() ? "without a package" : "in package " + project_.package;
    return {
        .language = "Java",
        .fence = "java",
        .runner = "JUnit 5 (org.junit.jupiter.api), each a method with @Test in a class " + place,
        .import = "a test class " + place};
  }

  std::string test_name(const Function& function, bool expects_error,
                        std::size_t number) const override {
    const std::string simple = function.class_name.substr(function.class_name.rfind('.') + 1);
    const bool is_constructor = function.name == simple;
    std::string stem = function.name;
    if (is_constructor) {
      stem = "makes" + stem;
    } else if (function.class_name != project_.class_name()) {
      stem = simple + pascal_case(stem);
    }
    stem[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(stem[0])));
    // Others of that name take other parameters.
    const auto own = static_cast<std::size_t>(&function - source_.functions.data());
    for (std::size_t i = 0; i < std::min(own, source_.functions.size()); ++i) {
      if (source_.functions[i].qualified_name() != function.qualified_name()) continue;
      for (const Parameter& one : function.parameters) stem += pascal_case(one.name);
      stem += fmt::format("Of{}", function.first_line);
      break;
    }
    if (expects_error) stem += "Throws";
    const bool ends_with_digit = std::isdigit(static_cast<unsigned char>(stem.back())) != 0;
    return stem + (ends_with_digit ? "_" : "") + std::to_string(number);
  }
  void rename(SourceTest& test, const std::string& name) const override {
    if (const std::size_t at = test.text.find(test.name + "("); at != std::string::npos)
      test.text.replace(at, test.name.size(), name);
    test.name = name;
  }

  // The project's tests; `text` stands beside them. What does not compile here is left out.
  Result<TestRuns> run_project(const std::string& text, std::stop_token stop) override {
    TestRuns out;
    if (project_.tests.empty()) return out;
    std::vector<std::string> files;
    files.reserve(project_.tests.size() + 1);
    for (const auto& [path, ignored] : project_.tests)
      files.push_back((fs::path(kProject) / path).string());
    if (!text.empty()) {
      auto put = session_->put("project/" + test_path().filename().string(), text);
      if (!put) return std::unexpected(put.error());
      files.push_back(*put);
    }
    const std::string to = "/exchange/project";
    auto built = build_some(to, files, out.trouble, stop);
    if (!built) return std::unexpected(built.error());
    std::vector<std::string> classes;
    classes.reserve(files.size());
    for (const std::string& file : files) classes.push_back(class_of(file));
    if (classes.empty()) return out;
    auto ran = session_->run_tests({kJavaProbed, to}, classes, true, {{}}, stop);
    if (!ran) return std::unexpected(ran.error());
    out.tests = std::move(ran->runs.tests);
    out.reached = probed_.arcs_of(ran->reached);
    return out;
  }

  Result<std::vector<SourceTest>> read_tests(std::string_view answer) const override {
    return java_tests_in(answer);
  }

  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest> written) const override {
    return java_test_file(cases, written, source_, project_.target.filename().string(),
                          test_path().stem().string());
  }
  fs::path test_path() const override { return project_.test_path(); }

  Result<TestRuns> run_tests(const fs::path& path, const std::string& text,
                             const TestRunOptions& options, std::stop_token stop) override {
    TestRuns out;
    auto built = build_tests(path, text, out, stop);
    if (!built) return std::unexpected(built.error());
    if (!built->has_value()) return out;
    std::vector<JavaTestRun> runs(1);
    for (std::size_t i = 0; i < options.shuffled; ++i)
      runs.push_back({.seed = options.seed * 100 + i + 1, .only = {}});
    if (options.alone) {
      for (const PlacedTest& one : java_placed_tests(**built)) runs.push_back({.only = one.name});
    }
    auto ran = session_->run_tests({kPlain, kTests}, {class_of_tests(path)}, false, runs, stop);
    if (!ran) return std::unexpected(ran.error());
    const std::string trouble = std::move(out.trouble);
    out = std::move(ran->runs);
    if (out.trouble.empty()) out.trouble = trouble;
    return out;
  }

  Result<std::optional<Kills>> kill_by_tests(std::span<const Mutant> mutants,
                                             const std::vector<std::vector<std::size_t>>& by_mutant,
                                             std::span<const SourceTest> tests,
                                             std::stop_token stop) override {
    TestRuns said;
    auto built = build_tests(test_path(), test_file({}, tests), said, stop);
    if (!built) return std::unexpected(built.error());
    if (!built->has_value()) return std::nullopt;
    const std::vector<std::string> classes = {class_of_tests(test_path())};
    auto together = session_->run_tests({kPlain, kTests}, classes, false, {{}}, stop);
    if (!together) return std::unexpected(together.error());
    if (!together->failed.empty() || together->runs.tests.size() < tests.size())
      return std::nullopt;
    const std::string to = "/exchange/judged-";
    const std::vector<std::size_t> begins = programs_of(mutants);
    auto invalid = build_programs(to, begins, mutants, stop);
    if (!invalid) return std::unexpected(invalid.error());
    Kills out{.killer = std::vector<std::optional<std::size_t>>(mutants.size()),
              .invalid = *std::move(invalid)};
    for (std::size_t program = 0; program < begins.size(); ++program) {
      const std::size_t end = program + 1 < begins.size() ? begins[program + 1] : mutants.size();
      for (std::size_t test = 0; test < tests.size(); ++test) {
        std::vector<JavaTestRun> runs;
        std::vector<std::size_t> numbers;
        for (std::size_t i = begins[program]; i < end; ++i) {
          if (out.invalid[i] || out.killer[i] ||
              std::ranges::find(by_mutant[i], test) == by_mutant[i].end())
            continue;
          runs.push_back(
              {.mutant = static_cast<int>(i - begins[program]), .only = tests[test].name});
          numbers.push_back(i);
        }
        if (runs.empty()) continue;
        auto ran = session_->run_tests({to + std::to_string(program), kJavaProbed, kTests}, classes,
                                       false, runs, stop);
        if (!ran) return std::unexpected(ran.error());
        for (const std::size_t run : ran->failed) out.killer[numbers[run]] = test;
      }
    }
    return out;
  }

 protected:
  std::string encoded_input(const Input& input) const override {
    return encoded(java_fitted(input, source_), source_.functions);
  }
  syntax::Language language() const override { return syntax::Language::java; }
  std::span<const BodySpan> bodies() const override { return source_.bodies; }
  sandbox::SandboxCommand probe_command(bool) const override { return {}; }
  void begin_anew(bool elsewhere) override { session_->begin_anew(elsewhere); }
  Result<std::vector<Json>> run_probe(const std::string& request, bool of_mutants,
                                      const std::stop_token& stop) override {
    return session_->ask(of_mutants ? "mutants" : "calls", request, stop);
  }
  Result<std::vector<bool>> build_mutants(std::span<const Mutant> mutants,
                                          const std::stop_token& stop) override {
    std::string firsts;
    const std::vector<std::size_t> begins = programs_of(mutants);
    for (const std::size_t first : begins) firsts += std::to_string(first) + " ";
    if (auto put = drivers_->put("programs", firsts); !put) return std::unexpected(put.error());
    return build_programs("/exchange/mutants-", begins, mutants, stop);
  }
  std::string defect_of(const Json&, const Input&) const override { return {}; }

  Result<Arcs> reached_by(const std::string&, const std::stop_token& stop) override {
    auto ran = session_->run_tests({kJavaProbed, kTests}, {class_of_tests(test_path())}, false,
                                   {{}}, stop);
    if (!ran) return std::unexpected(ran.error());
    return probed_.arcs_of(ran->reached);
  }

 private:
  bool none_callable() const {
    return std::ranges::none_of(source_.functions,
                                [](const Function& one) { return one.uncallable.empty(); });
  }

  Result<void> prepare_copy(const std::stop_token& stop) {
    auto copy =
        copy_project(project_.root, project_.root / project_.target,
                     {".git", ".hg", ".svn", "build", "target", "node_modules", ".gradle"}, stop);
    if (!copy) return std::unexpected(copy.error());
    copy_ = *std::move(copy);
    auto drivers = DriverFolder::make();
    if (!drivers) return std::unexpected(drivers.error());
    drivers_ = *std::move(drivers);
    // Tests stand in the package, whatever modules say.
    std::error_code ignored;
    fs::remove(copy_->path() / project_.source_root / "module-info.java", ignored);
    return {};
  }

  std::string source_root() const { return (fs::path(kProject) / project_.source_root).string(); }
  std::string test_root() const { return (fs::path(kProject) / project_.test_root).string(); }
  std::string class_of_tests(const fs::path& path) const {
    return project_.qualified(path.stem().string());
  }
  // Of a file of tests, inside.
  std::string class_of(const std::string& file) const {
    const fs::path below = fs::path(file).lexically_relative(test_root());
    if (below.string().starts_with("..")) return class_of_tests(file);
    std::string out = (below.parent_path() / below.stem()).string();
    std::ranges::replace(out, '/', '.');
    return out;
  }

  // Without what does not compile.
  Result<void> build_probe(const std::stop_token& stop) {
    auto target = session_->put("probed/" + project_.target.filename().string(), probed_.text);
    if (!target) return std::unexpected(target.error());
    std::string trouble;
    for (std::size_t round = 0; round < kRepairs; ++round) {
      const JavaProbe probe = java_probe(source_);
      auto table = session_->put(std::string(kJavaTable) + ".java", probe.text);
      if (!table) return std::unexpected(table.error());
      auto built = session_->build({.to = kJavaProbed,
                                    .classes = {},
                                    .sources = {source_root()},
                                    .files = {*target, *table}},
                                   stop);
      if (!built) return std::unexpected(built.error());
      trouble = *built;
      if (trouble.empty()) return {};
      bool found = false;
      for (const std::size_t line : lines_named(trouble, *table)) {
        for (std::size_t i = 0; i < probe.lines.size(); ++i) {
          if (std::ranges::find(probe.lines[i], line) == probe.lines[i].end() ||
              !source_.functions[i].uncallable.empty())
            continue;
          source_.functions[i].uncallable = "a call of it does not compile: " + complaint(trouble);
          found = true;
        }
      }
      if (!found || none_callable()) break;
    }
    return fail(Errc::unavailable, "{} can't be built: {}", project_.target.string(),
                complaint(trouble));
  }

  static std::string complaint(const std::string& trouble) {
    std::string line = trouble.substr(0, trouble.find('\n'));
    return utf8::one_line(line.substr(
        line.rfind('/') == std::string::npos ? 0 : line.rfind('/', line.find(": error")) + 1));
  }

  // The first mutant of each program: no method may become too long.
  std::vector<std::size_t> programs_of(std::span<const Mutant> mutants) const {
    std::vector<std::size_t> out = {0};
    std::map<std::size_t, std::size_t> bytes;  // By body.
    for (std::size_t i = 0; i < mutants.size(); ++i) {
      for (std::size_t body = 0; body < source_.bodies.size(); ++body) {
        const BodySpan& span = source_.bodies[body];
        if (mutants[i].begin < span.begin || mutants[i].end > span.end) continue;
        if (bytes[body] + 2 * (span.end - span.begin) > kMethodBytesMax) {
          out.push_back(i);
          bytes.clear();
        }
        bytes[body] += span.end - span.begin;
      }
    }
    return out;
  }

  // Which of the mutants did not compile. Program i of them goes to the folder `to` with its number.
  Result<std::vector<bool>> build_programs(const std::string& to,
                                           const std::vector<std::size_t>& begins,
                                           std::span<const Mutant> mutants,
                                           const std::stop_token& stop) {
    std::vector<bool> out;
    const std::string name = "mutants/" + project_.target.filename().string();
    for (std::size_t program = 0; program < begins.size(); ++program) {
      const std::size_t end = program + 1 < begins.size() ? begins[program + 1] : mutants.size();
      auto invalid = valid_mutants(
          mutants.subspan(begins[program], end - begins[program]),
          std::string(kDrivers) + "/source/" + name, "if (leyden.Probes.is({}))",
          [&](const std::string& text) -> Result<std::string> {
            auto tree = syntax::parse(syntax::Language::java, text);
            if (!tree) return std::unexpected(tree.error());
            auto file = session_->put(name, probed_source(*tree, text, java_stop_syntax()).text);
            if (!file) return std::unexpected(file.error());
            return session_->build({.to = to + std::to_string(program),
                                    .classes = {kJavaProbed},
                                    .sources = {},
                                    .files = {*file}},
                                   stop);
          });
      if (!invalid) return std::unexpected(invalid.error());
      out.insert(out.end(), invalid->begin(), invalid->end());
    }
    return out;
  }

  // The project without probes, once.
  Result<void> build_plain(const std::stop_token& stop) {
    if (std::exchange(plain_is_built_, true)) return {};
    auto built = session_->build({.to = kPlain,
                                  .classes = {},
                                  .sources = {source_root()},
                                  .files = {(fs::path(kProject) / project_.target).string()}},
                                 stop);
    if (!built) return std::unexpected(built.error());
    if (!built->empty())
      return fail(Errc::unavailable, "{} can't be built: {}", project_.target.string(),
                  complaint(*built));
    return {};
  }

  // The text that was built: tests that do not compile are not in it. Nothing: none was.
  Result<std::optional<std::string>> build_tests(const fs::path& path, const std::string& text,
                                                 TestRuns& out, const std::stop_token& stop) {
    if (auto plain = build_plain(stop); !plain) return std::unexpected(plain.error());
    std::string now = text;
    for (std::size_t round = 0; round < kRepairs; ++round) {
      auto file = session_->put("tests/" + path.filename().string(), now);
      if (!file) return std::unexpected(file.error());
      auto trouble = session_->build({.to = kTests,
                                      .classes = {kPlain},
                                      .sources = {source_root(), test_root()},
                                      .files = {*file}},
                                     stop);
      if (!trouble) return std::unexpected(trouble.error());
      if (trouble->empty()) return std::optional(now);
      out.trouble = complaint(*trouble);
      const std::set<std::size_t> lines = lines_named(*trouble, *file);
      const std::string before = now;
      leave_out_tests(now, java_placed_tests(now), lines);
      if (now == before) break;
    }
    return std::optional<std::string>();
  }

  // Of the files those that compile, which stay.
  Result<void> build_some(const std::string& to, std::vector<std::string>& files,
                          std::string& trouble, const std::stop_token& stop) {
    for (std::size_t round = 0; round < kRepairs && !files.empty(); ++round) {
      auto built = session_->build({.to = to,
                                    .classes = {kJavaProbed},
                                    .sources = {test_root(), source_root()},
                                    .files = files},
                                   stop);
      if (!built) return std::unexpected(built.error());
      if (built->empty()) return {};
      trouble = complaint(*built);
      const std::size_t before = files.size();
      std::erase_if(files, [&](const std::string& file) {
        return built->find(file + ":") != std::string::npos;
      });
      if (files.size() == before) break;
    }
    files.clear();
    return {};
  }

  JavaOptions options_;
  JavaProject project_;
  JavaSource source_;
  JavaKit kit_;
  bool plain_is_built_ = false;
  std::unique_ptr<JavaSession> session_;  // Uses the others.
};

}  // namespace

Result<std::unique_ptr<Toolchain>> open_java(const sandbox::Sandbox& sandbox, const fs::path& file,
                                             const JavaOptions& options, std::stop_token stop) {
  auto out = std::make_unique<JavaToolchain>(sandbox, options);
  if (auto opened = out->open(file, stop); !opened) return std::unexpected(opened.error());
  return out;
}

}  // namespace leyden::qa
