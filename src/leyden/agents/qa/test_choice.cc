#include "leyden/agents/qa/test_choice.h"

#include <algorithm>

namespace leyden::qa {
namespace {

std::size_t weight(const Value& value) {
  std::size_t out = 2 + value.text.size() + (value.integer > 99 || value.integer < -99 ? 4 : 0);
  for (const Value& item : value.items) out += weight(item);
  return out;
}

// What later ones reach as well is not needed from an earlier one.
void leave_out_needless(std::vector<std::size_t>& chosen, std::span<const Arcs> gains,
                        const Arcs& before) {
  for (std::size_t k = 0; k < chosen.size();) {
    Arcs others = before;
    for (std::size_t other = 0; other < chosen.size(); ++other) {
      if (other != k) others.insert(gains[chosen[other]].begin(), gains[chosen[other]].end());
    }
    if (std::ranges::includes(others, gains[chosen[k]])) {
      chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(k));
    } else {
      ++k;
    }
  }
}

}  // namespace

std::size_t weight(const TestCase& test) {
  std::size_t out = test.expected.told.size();
  for (const Value& value : test.input.construction) out += weight(value);
  for (const Step& step : test.input.steps) {
    out += 10;
    for (const Value& value : step.arguments) out += weight(value);
  }
  return out;
}

std::vector<std::size_t> choose_by_coverage(std::span<const TestCase> tests,
                                            std::span<const Arcs> gains, const Arcs& before,
                                            std::size_t count_max) {
  std::vector<std::size_t> chosen;
  Arcs have = before;
  while (chosen.size() < count_max) {
    std::size_t best = tests.size();
    std::size_t best_gain = 0;
    for (std::size_t i = 0; i < tests.size(); ++i) {
      std::size_t gain = 0;
      for (const Arc& arc : gains[i]) gain += have.contains(arc) ? 0 : 1;
      if (gain == 0) continue;
      if (gain > best_gain || (gain == best_gain && weight(tests[i]) < weight(tests[best]))) {
        best = i;
        best_gain = gain;
      }
    }
    if (best_gain == 0) break;
    have.insert(gains[best].begin(), gains[best].end());
    chosen.push_back(best);
  }
  leave_out_needless(chosen, gains, before);
  return chosen;
}

}  // namespace leyden::qa
