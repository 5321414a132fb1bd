#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace leyden::retrieval {

// How far down a ranking is looked at, at least, before it is fused with another.
inline constexpr std::size_t kFusedDepth = 100;

struct FusedPassage {
  std::int64_t passage = 0;
  double score = 0;
  bool operator==(const FusedPassage&) const = default;
};

// A ranking and what it counts.
struct WeightedRanking {
  std::vector<std::int64_t> passages;  // Best first.
  double weight = 1;
};

// Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): a passage's score is the sum of weight / (60 + rank) over the rankings that
// have it, the first rank being 1. Best first; equal scores by best rank, then by the order of the rankings, so that equal rankings give
// equal orders. A passage that a ranking names twice counts where it is first.
[[nodiscard]] std::vector<FusedPassage> fuse_by_reciprocal_rank(
    std::span<const WeightedRanking> rankings, std::size_t top_k);

}  // namespace leyden::retrieval
