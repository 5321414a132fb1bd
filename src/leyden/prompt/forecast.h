#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "leyden/prompt/prefix_tree.h"

namespace leyden::prompt {

// How likely coming requests have passages together.
class Forecast {
 public:
  virtual ~Forecast() = default;

  // The weight, in requests, with which coming ones have a passage.
  [[nodiscard]] virtual double popularity(std::uint64_t id) const = 0;

  static constexpr std::size_t kCandidatesMax = 12;
  // Of the passages `ranked` (best first) `given` and `candidates` are indices, at most PrefixTree::kArrangedMax and kCandidatesMax.
  // For each set of candidates (bit i: candidates[i]) the weight with which coming requests have all of `given` and all of the set.
  [[nodiscard]] virtual std::vector<double> together(
      std::span<const PromptPart> ranked, std::span<const std::size_t> given,
      std::span<const std::size_t> candidates) const = 0;
};

}  // namespace leyden::prompt
