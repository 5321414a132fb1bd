#include "leyden/agents/evolve/selection/gain_scale.h"

#include <algorithm>

namespace leyden::evolve {

double GainScale::scaled(double gain) {
  if (gain <= 0) return 0;
  recent_.push_back(gain);
  if (recent_.size() > kRecent) recent_.pop_front();
  std::deque<double> sorted = recent_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
  std::ranges::nth_element(sorted, middle);
  return gain / (gain + *middle);
}

}  // namespace leyden::evolve
