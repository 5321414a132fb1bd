#include "leyden/agents/qa/unloadable_tests.h"

#include <deque>
#include <utility>

namespace leyden::qa {
namespace {

constexpr std::size_t kTrials = 40;

}  // namespace

Result<std::map<std::size_t, std::string>> unloadable_tests(std::span<const std::size_t> tests,
                                                            const LoadTrial& trial) {
  std::map<std::size_t, std::string> out;
  std::deque<std::span<const std::size_t>> failing{tests};
  std::size_t trials = 0;
  while (!failing.empty()) {
    const std::span<const std::size_t> whole = failing.front();
    failing.pop_front();
    const std::size_t half = whole.size() / 2;
    for (const auto part : {whole.first(half), whole.subspan(half)}) {
      if (part.empty()) continue;
      std::string trouble = "does not load with others";
      if (trials < kTrials) {
        ++trials;
        auto told = trial(part);
        if (!told) return std::unexpected(told.error());
        trouble = *std::move(told);
      }
      if (trouble.empty()) continue;
      if (part.size() > 1 && trials < kTrials) {
        failing.push_back(part);
      } else {
        for (const std::size_t test : part) out.emplace(test, trouble);
      }
    }
  }
  return out;
}

}  // namespace leyden::qa
