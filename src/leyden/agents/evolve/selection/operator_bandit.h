#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "leyden/agents/evolve/random.h"
#include "leyden/base/digest.h"

namespace leyden::evolve {

struct BanditOptions {
  double discount = 0.988;          // Of what is known, with each gain that comes: old gains fade.
  double extreme_weight = 0.75;     // Of an arm's largest recent gain, against its mean.
  std::size_t extreme_window = 40;  // Gains of an arm that its largest is of.
  double curiosity = 1.0;           // Of the dice, against the deviation that was seen.
  double prior_weight = 0.5;        // An arm's prior counts as so many gains.
};

// Chooses arms by what they gained, and goes on trying the others, since what is best changes. Thompson sampling over discounted means with the
// pooled variance (Raj and Kalyani, arXiv 1707.09727), plus extreme values, by which rare large gains count (Fialho and others, PPSN X, 2008).
// Its state follows from what it was told; choices from that and the dice. Confined to one thread.
class OperatorBandit {
 public:
  // `priors`: what an arm may be worth against the others, 1 is the average.
  explicit OperatorBandit(std::span<const double> priors, BanditOptions options = {});

  // Of the arms that are allowed; at least one is.
  [[nodiscard]] std::size_t choose(std::span<const bool> allowed, Random& random) const;
  // What a pull gained: 0 for nothing. Never below 0.
  void tell(std::size_t arm, double gain);

  struct Arm {
    double prior = 1;
    double weight = 0;  // Discounted number of gains told.
    double sum = 0;
    double squares = 0;
    std::deque<double> recent;
    std::size_t pulls = 0;
    double gained = 0;  // All of it, not discounted.
  };
  [[nodiscard]] const std::vector<Arm>& arms() const { return arms_; }
  void add_to(Hasher& hasher) const;

 private:
  BanditOptions options_;
  std::vector<Arm> arms_;
};

}  // namespace leyden::evolve
