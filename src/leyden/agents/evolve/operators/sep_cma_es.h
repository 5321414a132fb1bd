#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "leyden/agents/evolve/random.h"

namespace leyden::evolve {

// Searches a maximum over real vectors from 0 on. CMA-ES with a diagonal covariance: Ros and Hansen, "A Simple Modification in CMA-ES
// Achieving Linear Time and Space Complexity", PPSN X, 2008. Samples may be drawn ahead and told in any number: a step is made whenever
// a population's worth has been told. What it did not sample itself may be told, too: points far off are taken as in their direction (Hansen, "Injecting External Solutions Into CMA-ES",
// arXiv 1110.4181, 2011). Confined to one thread.
class SepCmaEs {
 public:
  SepCmaEs(std::size_t dimensions, double step);

  [[nodiscard]] std::vector<double> sample(Random& random) const;
  // -infinity: no better than any other.
  void tell(std::span<const double> point, double fitness);

  [[nodiscard]] std::size_t population() const { return population_; }
  [[nodiscard]] const std::vector<double>& mean() const { return mean_; }
  [[nodiscard]] double step() const { return step_; }

 private:
  void update();
  [[nodiscard]] std::vector<double> within_reach(std::span<const double> point) const;

  struct Told {
    std::vector<double> point;
    double fitness = 0;
  };
  std::size_t population_;
  std::vector<double> weights_;  // Of the better half, best first.
  double selection_mass_ = 0;
  std::vector<double> mean_;
  std::vector<double> variance_;
  std::vector<double> path_step_;
  std::vector<double> path_;
  double step_;
  std::size_t updates_ = 0;
  std::vector<Told> told_;
};

}  // namespace leyden::evolve
