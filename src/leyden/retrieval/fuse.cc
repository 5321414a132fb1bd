#include "leyden/retrieval/fuse.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace leyden::retrieval {
namespace {

constexpr double kRankOffset = 60;  // The paper's; it found little difference around it.

struct Sum {
  std::int64_t passage = 0;
  double score = 0;
  std::size_t best_rank = 0;
  std::size_t first_ranking = 0;  // That has the best rank.
  std::size_t last_ranking = 0;   // That has named it.
};

}  // namespace

std::vector<FusedPassage> fuse_by_reciprocal_rank(std::span<const WeightedRanking> rankings,
                                                  std::size_t top_k) {
  std::vector<Sum> sums;
  std::unordered_map<std::int64_t, std::size_t> places;
  for (std::size_t ranking = 0; ranking < rankings.size(); ++ranking) {
    for (std::size_t i = 0; i < rankings[ranking].passages.size(); ++i) {
      const std::int64_t passage = rankings[ranking].passages[i];
      const std::size_t rank = i + 1;
      const auto [at, added] = places.try_emplace(passage, sums.size());
      if (added) {
        sums.push_back({.passage = passage,
                        .score = 0,
                        .best_rank = rank,
                        .first_ranking = ranking,
                        .last_ranking = ranking});
      }
      Sum& sum = sums[at->second];
      if (!added && sum.last_ranking == ranking) continue;
      sum.last_ranking = ranking;
      sum.score += rankings[ranking].weight / (kRankOffset + static_cast<double>(rank));
      if (rank < sum.best_rank) {
        sum.best_rank = rank;
        sum.first_ranking = ranking;
      }
    }
  }
  std::ranges::sort(sums, [](const Sum& a, const Sum& b) {
    return std::tuple(-a.score, a.best_rank, a.first_ranking) <
           std::tuple(-b.score, b.best_rank, b.first_ranking);
  });
  std::vector<FusedPassage> out;
  for (std::size_t i = 0; i < std::min(top_k, sums.size()); ++i)
    out.push_back({.passage = sums[i].passage, .score = sums[i].score});
  return out;
}

}  // namespace leyden::retrieval
