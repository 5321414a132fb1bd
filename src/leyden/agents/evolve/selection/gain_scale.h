#pragma once

#include <cstddef>
#include <deque>

namespace leyden::evolve {

// How large a gain is against those of late, since gains shrink by magnitudes while a search comes near its end: to a bandit the first ones would be all that counts. One like the median
// of the last 16 is 0.5, one far larger nearly 1. It is the same for scores of any unit (comparison-based selection: Fialho, Schoenauer and Sebag, GECCO 2010). Confined to one thread.
class GainScale {
 public:
  // 0 for none; else above 0 and at most 1. The first is 0.5. Counts among those of late from now on.
  double scaled(double gain);

 private:
  static constexpr std::size_t kRecent = 16;
  std::deque<double> recent_;
};

}  // namespace leyden::evolve
