// Runs of test files by a script language's runner: the project's own, a model's, those that were made.
#include <algorithm>
#include <system_error>

#include "leyden/agents/qa/script_toolchain.h"
#include "leyden/base/files.h"

namespace leyden::qa {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kJudgedRuns = 4;  // Behind the first.
constexpr auto kJudgedRunTime = 10s;
constexpr auto kProgramRunTime = 60s;     // Of a test that starts whole programs.
constexpr auto kProjectTestsTime = 120s;  // Of all of the project's tests.
constexpr std::string_view kMutantRun = "mutant ";

// What one run says of the test with this name.
struct Outcome {
  std::string outcome = "was not run";
  std::string why;
};
Outcome outcome_of(const nlohmann::json& line, const std::string& name) {
  Outcome out;
  if (line.contains("broken")) {
    out.why = line["broken"].get<std::string>();
    return out;
  }
  for (const auto& told : line["outcomes"]) {
    if (told.at(0) == name)
      out = {.outcome = told.at(1).get<std::string>(), .why = told.at(2).get<std::string>()};
  }
  if (const auto errors = line.find("errors"); errors != line.end() && !errors->empty())
    out.why = errors->at(0).get<std::string>();
  return out;
}

}  // namespace

Result<TestRuns> ScriptToolchain::run_project(const std::string& text, std::stop_token stop) {
  if (project_tests_.empty()) return TestRuns{};
  const TestJob job{
      .file = {}, .text = text, .measure = true, .mutants = {}, .run_time = kProjectTestsTime};
  auto lines = text.empty() ? run_job(job, stop) : run_in_place(test_path_, text, job, stop);
  if (!lines) return std::unexpected(lines.error());
  return runs_of(*lines);
}

Result<Judgement> ScriptToolchain::judge(const SourceTest& test, std::stop_token stop) {
  const std::string text = test_file({}, std::span(&test, 1));
  auto lines = run_in_place(test_path_, text,
                            {.file = test_path_,
                             .text = text,
                             .shuffled = kJudgedRuns,
                             .first_decides = true,
                             .measure = true,
                             .mutants = {},
                             .run_time = judged_run_time()},
                            stop);
  if (!lines) return std::unexpected(lines.error());
  return judgement_of(*lines, test.name);
}

Result<std::optional<Toolchain::Kills>> ScriptToolchain::kill_by_tests(
    std::span<const Mutant> mutants, const std::vector<std::vector<std::size_t>>& by_mutant,
    std::span<const SourceTest> tests, std::stop_token stop) {
  const std::string text = test_file({}, tests);
  auto lines = run_in_place(test_path_, text,
                            {.file = test_path_,
                             .text = text,
                             .first_decides = true,
                             .mutants = mutants,
                             .run_time = judged_run_time()},
                            stop);
  if (!lines) return std::unexpected(lines.error());
  Kills out{.killer = std::vector<std::optional<std::size_t>>(mutants.size()),
            .invalid = std::vector<bool>(mutants.size())};
  bool pass = false;
  for (const Json& line : *lines) {
    if (!line.contains("run")) continue;
    const auto passes = [&](std::size_t test) {
      return outcome_of(line, tests[test].name).outcome == "passed";
    };
    const std::string run = line["run"].get<std::string>();
    if (run.starts_with(kMutantRun)) {
      const std::size_t mutant = std::stoul(run.substr(kMutantRun.size()));
      const auto killer = std::ranges::find_if_not(by_mutant[mutant], passes);
      if (killer != by_mutant[mutant].end()) out.killer[mutant] = *killer;
    } else {
      pass = true;
      for (std::size_t test = 0; test < tests.size(); ++test) pass = pass && passes(test);
    }
  }
  if (!pass) return std::nullopt;
  return out;
}

std::chrono::milliseconds ScriptToolchain::judged_run_time() const {
  return starts_programs_ ? kProgramRunTime : kJudgedRunTime;
}

Result<TestRuns> ScriptToolchain::run_tests(const fs::path& path, const std::string& text,
                                            const TestRunOptions& options, std::stop_token stop) {
  for (const auto& [name, data] : options.data) {
    if (auto put = write_readable(copy_->path() / path.parent_path() / name, data); !put)
      return std::unexpected(put.error());
  }
  auto lines = run_in_place(path, text,
                            {.file = path,
                             .text = text,
                             .shuffled = options.shuffled,
                             .alone = options.alone,
                             .seed = options.seed,
                             .measure = options.measure,
                             .mutants = {},
                             .run_time = options.run_time},
                            stop);
  std::error_code ignored;
  for (const auto& [name, data] : options.data)
    fs::remove(copy_->path() / path.parent_path() / name, ignored);
  if (!lines) return std::unexpected(lines.error());
  return runs_of(*lines);
}

Result<std::vector<nlohmann::json>> ScriptToolchain::run_in_place(const fs::path& path,
                                                                  const std::string& text,
                                                                  const TestJob& job,
                                                                  const std::stop_token& stop) {
  if (auto put = write_readable(copy_->path() / path, text); !put)
    return std::unexpected(put.error());
  auto out = run_job(job, stop);
  std::error_code ignored;
  fs::remove(copy_->path() / path, ignored);
  return out;
}

// What runs of one test came to: the first, and more of them.
Judgement ScriptToolchain::judgement_of(const std::vector<Json>& lines,
                                        const std::string& name) const {
  Judgement out;
  std::size_t passed = 0;
  for (const Json& line : lines) {
    if (line.contains("failed")) out.reason = line["failed"].get<std::string>();
    if (!line.contains("run")) continue;
    const Outcome told = outcome_of(line, name);
    if (told.outcome == "passed") {
      ++passed;
    } else if (out.reason.empty()) {
      out.reason = passed == 0 ? fmt::format("{}: {}", told.outcome, told.why)
                               : fmt::format("passed {} times, then {}", passed, told.outcome);
    }
    if (line.contains("reached")) out.arcs = arcs_of(line["reached"]);
  }
  out.good = passed == kJudgedRuns + 1;
  if (!out.good && out.reason.empty()) out.reason = drivers_->last_trouble();
  return out;
}

Result<TestRuns> ScriptToolchain::runs_of(const std::vector<Json>& lines) const {
  TestRuns out;
  for (const Json& line : lines) {
    if (line.contains("failed"))
      return fail(Errc::unsupported, "{}", line["failed"].get<std::string>());
    if (!line.contains("run")) continue;
    if (line.contains("broken")) {
      ++out.broken_runs;
      if (out.trouble.empty()) out.trouble = line["broken"].get<std::string>();
    }
    for (const Json& one : line.value("errors", Json::array())) {
      if (out.trouble.empty()) out.trouble = one.get<std::string>();
    }
    if (line.contains("reached")) out.reached.merge(arcs_of(line["reached"]));
    for (const Json& outcome : line.value("outcomes", Json::array())) {
      TestRuns::Test& test = out.tests[outcome.at(0).get<std::string>()];
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

nlohmann::json ScriptToolchain::request_of(const TestJob& job) const {
  const auto inside = [](const fs::path& file) { return (fs::path(kProject) / file).string(); };
  Json tests = Json::array();
  if (job.file.empty()) {
    for (const std::string& one : project_tests_) tests.push_back(inside(one));
    if (!job.text.empty()) tests.push_back(inside(test_path_));
  } else {
    tests.push_back(inside(job.file));
  }
  return {{"tests", std::move(tests)},
          {"with_class", job.file.empty()},  // Two files of a project may have tests of one name.
          {"shuffled", job.shuffled},
          {"alone", job.alone},
          {"first_decides", job.first_decides},
          {"seed", job.seed},
          {"limit_s", std::chrono::duration<double>(job.run_time).count()},
          {"measure", job.measure},
          {"file", inside_file_},
          {"mutants", json_of_mutants(job.mutants)}};
}

}  // namespace leyden::qa
