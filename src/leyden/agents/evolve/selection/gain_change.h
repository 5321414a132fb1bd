#pragma once

#include <cstddef>
#include <deque>
#include <optional>

namespace leyden::evolve {

// A gain that an arm was told of, 0 for nothing, and how much it still counts.
struct ToldGain {
  double gain = 0;
  double weight = 1;
  bool lost = false;  // The child has no score, where what it came from has one.
};

// How much likelier two parts of a series must be than one whole (natural logarithm) to be called a change.
struct ChangeThresholds {
  double rate = 6.0;  // Of how often there is a gain.
  double size = 8.0;  // Of how large gains are.
};

// Where a series changed, as the index of the first gain after it: a generalised likelihood ratio over all places (Besson, Kaufmann, Maillard and Seznec,
// "Efficient Change-Point Detection for Tackling Piecewise-Stationary Bandits", JMLR 23, 2022). How often there is a gain and how large it is are looked at apart: of rare gains
// one tells a change by its size long before their mean does. `noise`: the variance of gains between which nothing changed; empty: unknown, sizes are not looked at.
// Costs one pass. nullopt: it did not change.
[[nodiscard]] std::optional<std::size_t> changed_at(const std::deque<ToldGain>& series,
                                                    std::optional<double> noise,
                                                    const ChangeThresholds& thresholds);

}  // namespace leyden::evolve
