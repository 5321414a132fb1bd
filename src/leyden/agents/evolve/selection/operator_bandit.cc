#include "leyden/agents/evolve/selection/operator_bandit.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace leyden::evolve {

OperatorBandit::OperatorBandit(std::span<const double> priors, BanditOptions options)
    : options_(options), arms_(priors.size()) {
  for (std::size_t i = 0; i < priors.size(); ++i) arms_[i].prior = priors[i];
}

std::size_t OperatorBandit::choose(std::span<const bool> allowed, Random& random) const {
  double weight = 0;
  double sum = 0;
  double squares = 0;
  double within = 0;
  double top = 0;
  for (const Arm& arm : arms_) {
    weight += arm.weight;
    sum += arm.sum;
    squares += arm.squares;
    if (arm.weight > 1e-9) within += arm.squares - arm.sum * arm.sum / arm.weight;
    for (const double gain : arm.recent) top = std::max(top, gain);
  }
  // Before the first gain all that counts is the prior, as if gains were of its size.
  const bool blank = sum <= 0;
  const double mean = blank ? 1 : sum / weight;
  const double deviation =
      blank ? 1 : std::sqrt(std::max(squares / weight - mean * mean, 1e-12 * mean * mean));
  const double noise = blank ? 0.5 : std::sqrt(std::max(within / weight, 1e-12 * mean * mean));
  std::size_t best = 0;
  double most = 0;
  bool any = false;
  for (std::size_t i = 0; i < arms_.size(); ++i) {
    const Arm& arm = arms_[i];
    const double dice =
        random.normal();  // Thrown for all: what is allowed does not move the others' dice.
    if (!allowed[i]) continue;
    const double known = arm.weight + options_.prior_weight;
    double value = (arm.sum + options_.prior_weight * mean * arm.prior) / known +
                   dice * options_.curiosity * noise / std::sqrt(known);
    if (top > 0 && !arm.recent.empty())
      value += options_.extreme_weight * deviation * std::ranges::max(arm.recent) / top;
    if (any && value <= most) continue;
    any = true;
    most = value;
    best = i;
  }
  return best;
}

void OperatorBandit::tell(std::size_t arm, double gain) {
  for (Arm& each : arms_) {
    each.weight *= options_.discount;
    each.sum *= options_.discount;
    each.squares *= options_.discount;
  }
  Arm& told = arms_.at(arm);
  told.weight += 1;
  told.sum += gain;
  told.squares += gain * gain;
  told.recent.push_back(gain);
  if (told.recent.size() > options_.extreme_window) told.recent.pop_front();
  ++told.pulls;
  told.gained += gain;
}

void OperatorBandit::add_to(Hasher& hasher) const {
  for (const Arm& arm : arms_) {
    hasher.field(arm.pulls);
    for (const double value : {arm.prior, arm.weight, arm.sum, arm.squares, arm.gained})
      hasher.field(std::bit_cast<std::uint64_t>(value));
    for (const double value : arm.recent) hasher.field(std::bit_cast<std::uint64_t>(value));
  }
}

}  // namespace leyden::evolve
