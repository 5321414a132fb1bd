#include "leyden/agents/qa/typed_agent.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

constexpr std::size_t kShuffledRuns = 5;
constexpr std::chrono::minutes kRunTime{15};  // valgrind takes fifty times as long.

std::string why_not(const TestRuns& runs, const std::string& name) {
  const auto test = runs.tests.find(name);
  if (test == runs.tests.end()) return "was not run: " + runs.trouble;
  if (test->second.passed < test->second.runs)
    return fmt::format("passed {} of {} runs: {}", test->second.passed, test->second.runs,
                       test->second.failure);
  return test->second.runs == kShuffledRuns + 2 ? "" : "did not run each time";
}

// Runs the file; what does not pass is rejected. Whether all did.
Result<bool> verify(Toolchain& toolchain, const TypedTests& made, std::uint64_t seed,
                    TestReport& report, const std::stop_token& stop) {
  report.tests.clear();
  report.test_path = (toolchain.test_path().parent_path() / made.file_name).string();
  auto runs = toolchain.run_tests(report.test_path, made.text,
                                  {.data = made.data,
                                   .run_time = kRunTime,
                                   .shuffled = kShuffledRuns,
                                   .alone = true,
                                   .seed = seed},
                                  stop);
  if (!runs) return std::unexpected(runs.error());
  const std::size_t rejected = report.rejected.size();
  for (const auto& [name, test] : runs->tests) report.runs_verified += test.runs;
  for (const TypedTest& test : made.tests) {
    const std::string function = toolchain.functions()[test.function].qualified_name();
    std::string why = why_not(*runs, test.name);
    if (why.empty()) {
      report.tests.push_back({.name = test.name, .function = function, .note = test.note});
    } else {
      report.rejected.push_back(
          {.name = test.name, .function = function, .reason = std::move(why)});
    }
  }
  return report.rejected.size() == rejected;
}

}  // namespace

Result<TestReport> make_typed_tests(Toolchain& toolchain, const std::string& type,
                                    const TestAgentOptions& options,
                                    const std::function<void(const TestProgress&)>& on_progress,
                                    std::stop_token stop) {
  const auto begin = std::chrono::steady_clock::now();
  auto wanted = wanted_functions(toolchain.functions(), options);
  if (wanted.empty())
    return fail(Errc::not_found, "there is no function {} that a test could call",
                options.function);
  TestReport report{.test_type = type, .runner = toolchain.runner()};
  // They stand in one file that is made as a whole: where one does not pass it is made again without that one's function.
  while (!wanted.empty()) {
    if (on_progress) on_progress({.stage = "searching"});
    auto made = toolchain.typed_tests(type, wanted, options.seed, stop);
    if (!made) return std::unexpected(made.error());
    report.suspected = std::move(made->suspected);
    report.untested = std::move(made->untested);
    if (made->tests.empty()) break;
    if (on_progress) on_progress({.stage = "verifying", .total = made->tests.size()});
    auto all = verify(toolchain, *made, options.seed, report, stop);
    if (!all) return std::unexpected(all.error());
    if (*all) {
      report.test_text = std::move(made->text);
      report.data = std::move(made->data);
      break;
    }
    std::erase_if(wanted, [&](std::size_t function) {
      return std::ranges::any_of(report.rejected, [&](const RejectedTest& one) {
        return one.function == toolchain.functions()[function].qualified_name();
      });
    });
    report.tests.clear();
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return report;
}

}  // namespace leyden::qa
