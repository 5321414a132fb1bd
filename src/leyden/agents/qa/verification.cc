#include "leyden/agents/qa/verification.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/unloadable_tests.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kShuffledRuns = 5;
constexpr std::size_t kRunsOfEach = kShuffledRuns + 2;  // In order, shuffled and alone.
constexpr std::size_t kChances = 5;          // Of tests that others may have kept from running.
constexpr std::size_t kShownBytesMax = 600;  // Of a failure, in a report.

std::size_t runs_of(const std::string& name, const TestRuns& runs) {
  const auto test = runs.tests.find(name);
  return test == runs.tests.end() ? 0 : test->second.runs;
}

// Why a test goes; empty: it passed. `more`: there are further chances for who was not run each time.
std::string fault_of(const std::string& name, const TestRuns& runs, bool more) {
  const auto test = runs.tests.find(name);
  if (test == runs.tests.end()) return more ? std::string() : "was not run: " + runs.trouble;
  const auto& [times, passed, failure] = test->second;
  if (passed < times)
    return fmt::format("passed {} of {} runs{}", passed, times,
                       failure.empty() ? "" : ": " + utf8::short_line(failure, kShownBytesMax));
  return more || times == kRunsOfEach ? std::string() : "did not run each time";
}

}  // namespace

Result<void> Verification::run(const std::function<void()>& on_round, const std::stop_token& stop) {
  name_chosen();
  for (std::size_t round = 0; count() > 0; ++round) {
    on_round();
    auto more = run_once(round, stop);
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
  }
  if (count() == 0) report_.test_text.clear();
  return {};
}

void Verification::name_chosen() {
  std::ranges::sort(chosen_, [&](std::size_t a, std::size_t b) {
    return std::pair(candidates_[a].function(), a) < std::pair(candidates_[b].function(), b);
  });
  std::map<std::string, std::size_t> counts;
  for (const std::size_t i : chosen_) {
    const Function& function = toolchain_.functions()[candidates_[i].function()];
    const bool fails = candidates_[i].expected.outcome == Observation::Outcome::error;
    std::size_t& number = counts[toolchain_.test_name(function, fails, 0)];
    do {
      candidates_[i].name = toolchain_.test_name(function, fails, ++number);
    } while (written_.has_name(candidates_[i].name));
  }
}

std::vector<TestCase> Verification::cases_of(std::span<const std::size_t> candidates) const {
  std::vector<TestCase> out;
  for (const std::size_t i : candidates) out.push_back(candidates_[i]);
  return out;
}

void Verification::reject(const std::string& name, std::size_t function, std::string reason) {
  report_.rejected.push_back({.name = name,
                              .function = toolchain_.functions()[function].qualified_name(),
                              .reason = std::move(reason)});
}

Result<bool> Verification::run_once(std::size_t round, const std::stop_token& stop) {
  std::vector<SourceTest> written;
  for (const WrittenTests::Kept& one : written_.kept()) written.push_back(one.test);
  report_.test_text = toolchain_.test_file(cases_of(chosen_), written);
  auto runs =
      toolchain_.run_tests(report_.test_path, report_.test_text,
                           {.shuffled = kShuffledRuns, .alone = true, .seed = options_.seed}, stop);
  if (!runs) return std::unexpected(runs.error());
  const std::size_t before = count();
  if (runs->tests.empty() && !written.empty() && before > written.size()) {
    // Those that were written do not fit together: what was made without a model is not lost for that.
    written_.drop([&](const WrittenTests::Kept& one) {
      reject(one.test.name, one.function,
             "does not run beside the others: " + utf8::short_line(runs->trouble, kShownBytesMax));
      return true;
    });
    return true;
  }
  if (runs->tests.empty() && written.empty() && before > 1 && round < kChances) {
    auto dropped = drop_unloadable(stop);
    if (!dropped) return std::unexpected(dropped.error());
    if (*dropped > 0 && *dropped < before) return true;
  }
  drop_failing(*runs, round);
  return count() < before;
}

std::size_t Verification::least_runs(const TestRuns& runs) const {
  std::size_t least = kRunsOfEach;
  for (const std::size_t i : chosen_) least = std::min(least, runs_of(candidates_[i].name, runs));
  for (const WrittenTests::Kept& one : written_.kept())
    least = std::min(least, runs_of(one.test.name, runs));
  return least;
}

void Verification::drop_failing(const TestRuns& runs, std::size_t round) {
  const bool any_failed = std::ranges::any_of(
      runs.tests, [](const auto& test) { return test.second.passed < test.second.runs; });
  // Who hangs says nothing, and those behind it are not run: those that were run least go first.
  const std::size_t least = any_failed ? kRunsOfEach : least_runs(runs);
  const bool more = round < kChances && (any_failed || least < kRunsOfEach);
  const auto fails = [&](const std::string& name, std::size_t function) {
    std::string fault = fault_of(name, runs, more && (any_failed || runs_of(name, runs) > least));
    if (fault.empty()) return false;
    reject(name, function, std::move(fault));
    return true;
  };
  std::erase_if(chosen_, [&](std::size_t i) {
    return fails(candidates_[i].name, candidates_[i].function());
  });
  written_.drop([&](const WrittenTests::Kept& one) { return fails(one.test.name, one.function); });
  for (const auto& [name, test] : runs.tests) report_.runs_verified += test.runs;
}

// Gives up those for which the file of all does not load, unless it is none or all: how many.
Result<std::size_t> Verification::drop_unloadable(const std::stop_token& stop) {
  const auto trial = [&](std::span<const std::size_t> some) -> Result<std::string> {
    const std::string text = toolchain_.test_file(cases_of(some), {});
    auto runs =
        toolchain_.run_tests(report_.test_path, text, {.shuffled = 0, .alone = false}, stop);
    if (!runs) return std::unexpected(runs.error());
    if (!runs->tests.empty()) return std::string();
    return runs->trouble.empty() ? std::string("nothing was told of it") : runs->trouble;
  };
  auto blamed = unloadable_tests(chosen_, trial);
  if (!blamed) return std::unexpected(blamed.error());
  if (blamed->size() == chosen_.size()) return blamed->size();
  for (const auto& [i, trouble] : *blamed)
    reject(candidates_[i].name, candidates_[i].function(),
           "does not load: " + utf8::short_line(trouble, kShownBytesMax));
  std::erase_if(chosen_, [&](std::size_t i) { return blamed->contains(i); });
  return blamed->size();
}

}  // namespace leyden::qa
