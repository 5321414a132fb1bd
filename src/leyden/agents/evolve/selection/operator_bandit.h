#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "leyden/agents/evolve/random.h"
#include "leyden/agents/evolve/selection/gain_change.h"
#include "leyden/base/digest.h"

namespace leyden::evolve {

struct BanditOptions {
  double discount = 0.993;    // Of what is known, with each gain that comes: old gains fade.
  std::size_t window = 200;   // Gains of an arm that are kept.
  double curiosity = 0.8;     // Of the dice, against what is not known.
  double rate_weight = 8;     // How often all arms gain counts as so many gains of each.
  double size_blur = 0.1;     // Of what arms' sizes differ by: no size is ever known better.
  double prior_weight = 0.5;  // An arm's prior counts as so many gains.
  double doubt = 0.7;         // What all that is known is worth after one arm has changed.
  ChangeThresholds change;
};

// Chooses arms by what they gained, and goes on trying the others, since what is best changes. Thompson sampling over how often an arm gains, times how much it gains when it
// does: most children gain nothing, and a mean of gains and blanks takes long to tell a rare large gain from none. Both lean on what all arms have in common: an arm whose children often lose
// the score is expected to gain the less often, until it does gain. Old gains fade, and an arm
// whose gains changed forgets those before (gain_change.h), while the others' are only doubted. Its state follows from what it was told; choices from that and the dice. Confined to
// one thread.
class OperatorBandit {
 public:
  // `priors`: what an arm may be worth against the others, 1 is the average.
  explicit OperatorBandit(std::span<const double> priors, BanditOptions options = {});

  // Of the arms that are allowed; at least one is.
  [[nodiscard]] std::size_t choose(std::span<const bool> allowed, Random& random) const;
  // What a pull gained: 0 for nothing, never below 0. `lost`: nothing, and the child can't even be measured.
  void tell(std::size_t arm, double gain, bool lost = false);

  struct Arm {
    double prior = 1;
    std::deque<ToldGain> recent;  // Since it changed, the oldest first.
    std::size_t pulls = 0;
    double gained = 0;  // All of it, not discounted.
  };
  [[nodiscard]] const std::vector<Arm>& arms() const { return arms_; }
  void add_to(Hasher& hasher) const;

 private:
  struct Known;
  struct Common;
  [[nodiscard]] static Known known_of(const Arm& arm);
  [[nodiscard]] Common common_of(std::span<const Known> arms) const;
  [[nodiscard]] double draw(const Known& arm, double prior, const Common& all,
                            Random& random) const;
  [[nodiscard]] std::optional<double> noise() const;
  void fade(double by);

  BanditOptions options_;
  std::vector<Arm> arms_;
};

}  // namespace leyden::evolve
