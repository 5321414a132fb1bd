#include "leyden/agents/qa/mutant_scores.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "leyden/agents/qa/reach.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kTestsMax = 150;  // Spread over those that reach it.

}  // namespace

MutantScores::MutantScores(std::vector<Mutant> mutants)
    : mutants_(std::move(mutants)), killer_(mutants_.size()), invalid_(mutants_.size()) {}

std::vector<std::size_t> MutantScores::unnoticed() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < mutants_.size(); ++i) {
    if (!killer_[i] && !invalid_[i]) out.push_back(i);
  }
  return out;
}

std::size_t MutantScores::killed_by(const TestPlace& test) const {
  return static_cast<std::size_t>(std::ranges::count(killer_, std::optional(test)));
}

void MutantScores::forget_candidates() {
  for (auto& killer : killer_) {
    if (killer && !killer->by_model) killer.reset();
  }
}

void MutantScores::forget_of_model(std::size_t index) {
  for (auto& killer : killer_) {
    if (!killer || !killer->by_model) continue;
    if (killer->index == index) {
      killer.reset();
    } else if (killer->index > index) {
      --killer->index;
    }
  }
}

std::vector<std::size_t> tests_that_reach(const Mutant& mutant, const Function& function,
                                          const Goals& goals, const Arcs& loaded,
                                          std::span<const Arcs* const> tests) {
  const auto own_line = static_cast<std::int64_t>(mutant.line);
  // The line of its statement: the last goal that is not behind it.
  std::int64_t line = own_line;
  if (const auto behind = goals.lines.upper_bound(line); behind != goals.lines.begin())
    line = *std::prev(behind);
  const bool any_loads_it = runs_at_loading(loaded, function);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const Arcs& arcs = *tests[i];
    const bool runs_it =
        !is_within(line, function)
            ? reaches(arcs, function)
            : std::ranges::any_of(arcs, [&](const Arc& arc) {
                return arc.first == line || arc.second == line || arc.first == own_line;
              });
    if (any_loads_it || runs_it) out.push_back(i);
  }
  if (out.size() <= kTestsMax) return out;
  std::vector<std::size_t> spread;
  spread.reserve(kTestsMax);
  for (std::size_t k = 0; k < kTestsMax; ++k) spread.push_back(out[k * out.size() / kTestsMax]);
  return spread;
}

}  // namespace leyden::qa
