#include "leyden/agents/evolve/selection/operator_bandit.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace leyden::evolve {

// Weighted: what was told, what of it gained, how much, and the gains' squares.
struct OperatorBandit::Known {
  double told = 0;
  double gains = 0;
  double sum = 0;
  double squares = 0;
  double lost = 0;
};

// Of all arms: how often they gain, how much, how much gains of one arm differ, and how much arms do (variances).
struct OperatorBandit::Common {
  double rate = 0.5;
  double size = 1;
  double within = 0;
  double between = 0.25;
};

OperatorBandit::OperatorBandit(std::span<const double> priors, BanditOptions options)
    : options_(options), arms_(priors.size()) {
  for (std::size_t i = 0; i < priors.size(); ++i) arms_[i].prior = priors[i];
}

OperatorBandit::Known OperatorBandit::known_of(const Arm& arm) {
  Known out;
  for (const auto& [gain, weight, lost] : arm.recent) {
    out.told += weight;
    if (lost) out.lost += weight;
    if (gain <= 0) continue;
    out.gains += weight;
    out.sum += weight * gain;
    out.squares += weight * gain * gain;
  }
  return out;
}

OperatorBandit::Common OperatorBandit::common_of(std::span<const Known> arms) const {
  Known all;
  double within = 0;
  for (const Known& arm : arms) {
    all.told += arm.told;
    all.gains += arm.gains;
    all.sum += arm.sum;
    all.squares += arm.squares;
    if (arm.gains > 1e-9) within += std::max(0.0, arm.squares - arm.sum * arm.sum / arm.gains);
  }
  Common out{.rate = (all.gains + 0.5) / (all.told + 1)};
  double within_one = 0;
  // Before the first gain all that counts is the prior, as if gains were of its size.
  if (all.gains > 1e-9) {
    out.size = all.sum / all.gains;
    const double variance =
        std::max(all.squares / all.gains - out.size * out.size, 1e-4 * out.size * out.size);
    within_one = within / all.gains;
    out.between = std::max(variance - within_one, 0.05 * variance);
  }
  out.within = within_one + options_.size_blur * out.between;
  return out;
}

double OperatorBandit::draw(const Known& arm, double prior, const Common& all,
                            Random& random) const {
  const double weight = arm.told + options_.rate_weight;
  const double kept = 1 - arm.lost / weight;
  const double rate = (arm.gains + options_.rate_weight * all.rate * kept) / weight;
  const double rate_deviation = std::sqrt(rate * (1 - rate) / (weight + 1));
  const double likely =
      all.size * (arm.told + options_.prior_weight * prior) / (arm.told + options_.prior_weight);
  const double precision = all.between * arm.gains + all.within;
  const double size = (all.between * arm.sum + all.within * likely) / precision;
  const double size_deviation = std::sqrt(all.between * all.within / precision);
  const double often =
      std::clamp(rate + options_.curiosity * random.normal() * rate_deviation, 0.0, 1.0);
  return often * std::max(0.0, size + options_.curiosity * random.normal() * size_deviation);
}

std::size_t OperatorBandit::choose(std::span<const bool> allowed, Random& random) const {
  std::vector<Known> known;
  known.reserve(arms_.size());
  for (const Arm& arm : arms_) known.push_back(known_of(arm));
  const Common all = common_of(known);
  std::optional<std::size_t> best;
  double most = 0;
  for (std::size_t i = 0; i < arms_.size(); ++i) {
    // Drawn for all: what is allowed does not move the others' dice.
    const double value = draw(known[i], arms_[i].prior, all, random);
    if (!allowed[i] || (best && value <= most)) continue;
    best = i;
    most = value;
  }
  return best.value_or(0);
}

// By how much an arm's gains differ from one to the next: a change is in one of these differences only.
std::optional<double> OperatorBandit::noise() const {
  constexpr std::size_t kLeast = 3;
  double sum = 0;
  std::size_t count = 0;
  for (const Arm& arm : arms_) {
    std::optional<double> last;
    for (const ToldGain& one : arm.recent) {
      if (one.gain <= 0) continue;
      if (last) {
        sum += (one.gain - *last) * (one.gain - *last) / 2;
        ++count;
      }
      last = one.gain;
    }
  }
  if (count < kLeast) return std::nullopt;
  return sum / static_cast<double>(count);
}

void OperatorBandit::fade(double by) {
  for (Arm& arm : arms_) {
    for (ToldGain& one : arm.recent) one.weight *= by;
  }
}

void OperatorBandit::tell(std::size_t arm, double gain, bool lost) {
  const std::optional<double> before = noise();
  fade(options_.discount);
  Arm& told = arms_.at(arm);
  told.recent.push_back({.gain = gain, .weight = 1, .lost = lost});
  if (told.recent.size() > options_.window) told.recent.pop_front();
  ++told.pulls;
  told.gained += gain;
  const auto changed = changed_at(told.recent, before, options_.change);
  if (!changed) return;
  told.recent.erase(told.recent.begin(),
                    told.recent.begin() + static_cast<std::ptrdiff_t>(*changed));
  fade(options_.doubt);
}

void OperatorBandit::add_to(Hasher& hasher) const {
  for (const Arm& arm : arms_) {
    hasher.field(arm.pulls);
    for (const double value : {arm.prior, arm.gained})
      hasher.field(std::bit_cast<std::uint64_t>(value));
    for (const auto& [gain, weight, lost] : arm.recent)
      hasher.field(std::bit_cast<std::uint64_t>(gain))
          .field(std::bit_cast<std::uint64_t>(weight))
          .field(std::uint64_t{lost});
  }
}

}  // namespace leyden::evolve
