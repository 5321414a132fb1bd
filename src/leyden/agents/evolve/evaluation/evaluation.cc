#include "leyden/agents/evolve/evaluation/evaluation.h"

#include <algorithm>

namespace leyden::evolve {
namespace {

constexpr double kSlowShare = 0.25;

}  // namespace

std::optional<double> Evaluation::score() const {
  if (status != Status::measured || samples.empty()) return std::nullopt;
  std::vector<double> sorted = samples;
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return sorted[middle - 1] / 2 + sorted[middle] / 2;
}

double Evaluation::spread() const {
  if (samples.empty()) return 0;
  const auto [least, most] = std::ranges::minmax(samples);
  return most - least;
}

bool is_slow(const Evaluation& evaluation) { return evaluation.limit_share > kSlowShare; }

std::optional<double> fitness_of(const Evaluation& evaluation, Goal goal) {
  const std::optional<double> score = evaluation.score();
  if (!score) return std::nullopt;
  return goal == Goal::max ? *score : 0 - *score;  // Not -score: that would make -0.
}

bool is_gain(const Evaluation& child, const Evaluation& parent, Goal goal) {
  const std::optional<double> better = fitness_of(child, goal);
  const std::optional<double> than = fitness_of(parent, goal);
  if (!better || !than) return better.has_value();
  return *better - *than > std::max(child.spread(), parent.spread());
}

}  // namespace leyden::evolve
