#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "leyden/retrieval/embedder.h"

namespace leyden::retrieval::testing {

// Vectors of length 1 around centres, as those of texts about some subjects lie. The same for the same seed, on one machine.
class ClusteredVectors {
 public:
  ClusteredVectors(std::size_t dimensions, std::size_t clusters, std::uint64_t seed,
                   float spread = 0.7F)
      : random_(seed), spread_(spread) {
    for (std::size_t i = 0; i < clusters; ++i) centres_.push_back(normalized(noise(dimensions)));
  }
  Vector next() {
    const Vector& centre = centres_[random_() % centres_.size()];
    Vector out = normalized(noise(centre.size()));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = centre[i] + spread_ * out[i];
    return normalized(std::move(out));
  }

 private:
  Vector noise(std::size_t dimensions) {
    Vector out(dimensions);
    for (float& value : out) value = normal_(random_);
    return out;
  }
  static Vector normalized(Vector vector) {
    double sum = 0;
    for (const float value : vector) sum += double{value} * double{value};
    for (float& value : vector) value /= static_cast<float>(std::sqrt(sum));
    return vector;
  }
  std::mt19937_64 random_;
  std::normal_distribution<float> normal_;
  float spread_;
  std::vector<Vector> centres_;
};

}  // namespace leyden::retrieval::testing
