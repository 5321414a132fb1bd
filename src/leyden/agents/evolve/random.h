#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace leyden::evolve {

// Numbers that a seed gives, the same on every machine and with every library, which those of <random>'s distributions are not. (SplitMix64:
// Steele, Lea, Flood, OOPSLA 2014.) Confined to one thread.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t out = state_;
    out = (out ^ (out >> 30U)) * 0xbf58476d1ce4e5b9U;
    out = (out ^ (out >> 27U)) * 0x94d049bb133111ebU;
    return out ^ (out >> 31U);
  }
  // In [0, bound); 0 for a bound of 0.
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : next() % bound; }
  // In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  bool chance(double probability) { return uniform() < probability; }
  // Of mean 0 and deviation 1.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  std::uint64_t state_;
};

}  // namespace leyden::evolve
