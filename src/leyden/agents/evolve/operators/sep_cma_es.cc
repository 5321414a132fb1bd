#include "leyden/agents/evolve/operators/sep_cma_es.h"

#include <algorithm>
#include <cmath>

namespace leyden::evolve {

SepCmaEs::SepCmaEs(std::size_t dimensions, double step)
    : population_(4 + static_cast<std::size_t>(3 * std::log(static_cast<double>(dimensions)))),
      mean_(dimensions, 0.0),
      variance_(dimensions, 1.0),
      path_step_(dimensions, 0.0),
      path_(dimensions, 0.0),
      step_(step) {
  const std::size_t parents = population_ / 2;
  double sum = 0;
  for (std::size_t i = 0; i < parents; ++i) {
    weights_.push_back(std::log(static_cast<double>(parents) + 0.5) -
                       std::log(static_cast<double>(i + 1)));
    sum += weights_.back();
  }
  double squares = 0;
  for (double& weight : weights_) {
    weight /= sum;
    squares += weight * weight;
  }
  selection_mass_ = 1 / squares;
}

std::vector<double> SepCmaEs::sample(Random& random) const {
  std::vector<double> out(mean_.size());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = mean_[i] + step_ * std::sqrt(variance_[i]) * random.normal();
  return out;
}

void SepCmaEs::tell(std::span<const double> point, double fitness) {
  told_.push_back({within_reach(point), fitness});
  if (told_.size() < population_) return;
  // Points break ties, so that the order is one.
  std::ranges::sort(told_, [](const Told& one, const Told& other) {
    return one.fitness != other.fitness ? one.fitness > other.fitness : one.point < other.point;
  });
  if (std::isfinite(told_.front().fitness)) {
    update();
  } else {
    step_ *= 0.5;  // All failed: nearer to what worked.
  }
  told_.clear();
}

// A step from the mean as long as a sample's may be, at most: c_y of the paper.
std::vector<double> SepCmaEs::within_reach(std::span<const double> point) const {
  const auto n = static_cast<double>(mean_.size());
  const double length_max = std::sqrt(n) + 2 * n / (n + 2);
  double squares = 0;
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    const double step = (point[i] - mean_[i]) / (step_ * std::sqrt(variance_[i]));
    squares += step * step;
  }
  const double length = std::sqrt(squares);
  std::vector<double> out(point.begin(), point.end());
  if (length <= length_max) return out;
  for (std::size_t i = 0; i < mean_.size(); ++i)
    out[i] = mean_[i] + (out[i] - mean_[i]) * length_max / length;
  return out;
}

// The names of the constants are those of the paper.
void SepCmaEs::update() {
  const double n = static_cast<double>(mean_.size());
  const double mu = selection_mass_;
  const double c_sigma = (mu + 2) / (n + mu + 3);
  const double d_sigma = 1 + 2 * std::max(0.0, std::sqrt((mu - 1) / (n + 1)) - 1) + c_sigma;
  const double c_c = 4 / (n + 4);
  const double full = 1 / mu * 2 / ((n + 1.4142135623730951) * (n + 1.4142135623730951)) +
                      (1 - 1 / mu) * std::min(1.0, (2 * mu - 1) / ((n + 2) * (n + 2) + mu));
  const double c_cov = std::min(1.0, (n + 2) / 3 * full);
  const double expected_norm = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  ++updates_;

  std::vector<double> moved(mean_.size(), 0.0);  // Of the mean, in steps.
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    for (std::size_t i = 0; i < mean_.size(); ++i)
      moved[i] += weights_[k] * (told_[k].point[i] - mean_[i]) / step_;
  }
  double norm = 0;
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    path_step_[i] = (1 - c_sigma) * path_step_[i] +
                    std::sqrt(c_sigma * (2 - c_sigma) * mu) * moved[i] / std::sqrt(variance_[i]);
    norm += path_step_[i] * path_step_[i];
  }
  norm = std::sqrt(norm);
  const double begun = std::sqrt(1 - std::pow(1 - c_sigma, 2 * static_cast<double>(updates_)));
  const bool steady = norm / begun < (1.4 + 2 / (n + 1)) * expected_norm;
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    path_[i] = (1 - c_c) * path_[i] + (steady ? std::sqrt(c_c * (2 - c_c) * mu) * moved[i] : 0);
    double spread = 0;
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      const double from = (told_[k].point[i] - mean_[i]) / step_;
      spread += weights_[k] * from * from;
    }
    variance_[i] = (1 - c_cov) * variance_[i] + c_cov / mu * path_[i] * path_[i] +
                   c_cov * (1 - 1 / mu) * spread;
    variance_[i] = std::max(variance_[i], 1e-20);
  }
  for (std::size_t i = 0; i < mean_.size(); ++i) mean_[i] += step_ * moved[i];
  step_ *= std::exp(std::min(1.0, c_sigma / d_sigma * (norm / expected_norm - 1)));
  step_ = std::clamp(step_, 1e-12, 1e6);
}

}  // namespace leyden::evolve
