#include "leyden/agents/evolve/selection/gain_change.h"

#include <algorithm>
#include <cmath>

namespace leyden::evolve {
namespace {

// A part of a series: how many were told, how many of these gained, and how much.
struct Part {
  double told = 0;
  double gains = 0;
  double sum = 0;

  void add(const ToldGain& one) {
    told += 1;
    gains += one.gain > 0 ? 1 : 0;
    sum += one.gain;
  }
  [[nodiscard]] Part without(const Part& other) const {
    return {told - other.told, gains - other.gains, sum - other.sum};
  }
};

double times_log(double x) { return x > 0 ? x * std::log(x) : 0; }

// Of a part's gains and blanks at the rate that suits them best.
double log_likelihood(const Part& part) {
  return times_log(part.gains) + times_log(part.told - part.gains) - times_log(part.told);
}

double size_ratio(const Part& before, const Part& after, double noise) {
  if (before.gains == 0 || after.gains == 0) return 0;
  const double gains = before.gains + after.gains;
  const double mean = (before.sum + after.sum) / gains;
  const double difference = before.sum / before.gains - after.sum / after.gains;
  return before.gains * after.gains / gains * difference * difference /
         (2 * (noise + 1e-9 * mean * mean));
}

}  // namespace

std::optional<std::size_t> changed_at(const std::deque<ToldGain>& series,
                                      std::optional<double> noise,
                                      const ChangeThresholds& thresholds) {
  Part all;
  for (const ToldGain& one : series) all.add(one);
  const double whole = log_likelihood(all);
  Part before;
  std::optional<std::size_t> out;
  double most = 1;
  for (std::size_t i = 0; i + 1 < series.size(); ++i) {
    before.add(series[i]);
    const Part after = all.without(before);
    const double rate = log_likelihood(before) + log_likelihood(after) - whole;
    const double size = noise ? size_ratio(before, after, *noise) : 0;
    const double ratio = std::max(rate / thresholds.rate, size / thresholds.size);
    if (ratio <= most) continue;
    most = ratio;
    out = i + 1;
  }
  return out;
}

}  // namespace leyden::evolve
