#include "leyden/retrieval/fuse.h"

#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

namespace leyden::retrieval {
namespace {

using Rankings = std::vector<WeightedRanking>;

TEST(Fuse, SumsReciprocalRanks) {
  const Rankings rankings = {{.passages = {10, 20, 30}}, {.passages = {30, 10}}};
  const auto fused = fuse_by_reciprocal_rank(rankings, 10);
  ASSERT_EQ(fused.size(), 3U);
  EXPECT_EQ(fused[0], (FusedPassage{10, 1.0 / 61 + 1.0 / 62}));
  EXPECT_EQ(fused[1], (FusedPassage{30, 1.0 / 63 + 1.0 / 61}));
  EXPECT_EQ(fused[2], (FusedPassage{20, 1.0 / 62}));
  EXPECT_EQ(fuse_by_reciprocal_rank(rankings, 1).size(), 1U);
  EXPECT_TRUE(fuse_by_reciprocal_rank({}, 10).empty());
}

TEST(Fuse, TiesGoToTheFirstRanking) {
  const auto fused =
      fuse_by_reciprocal_rank(Rankings{{.passages = {7, 1}}, {.passages = {3, 9}}}, 10);
  std::vector<std::int64_t> order;
  for (const auto& each : fused) order.push_back(each.passage);
  EXPECT_EQ(order, (std::vector<std::int64_t>{7, 3, 1, 9}));
}

TEST(Fuse, WhatIsNamedTwiceCountsOnce) {
  EXPECT_EQ(fuse_by_reciprocal_rank(Rankings{{.passages = {5, 5, 6}}}, 10),
            (std::vector<FusedPassage>{{5, 1.0 / 61}, {6, 1.0 / 63}}));
}

// Against the formula, written down as it stands in the paper.
TEST(Fuse, IsThePlainComputation) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 200; ++round) {
    Rankings rankings(1 + random() % 4);
    for (auto& [passages, weight] : rankings) {
      weight = static_cast<double>(1 + random() % 4) / 4;
      for (std::int64_t passage = 0; passage < 30; ++passage)
        if (random() % 2 == 0) passages.push_back(passage);
      std::ranges::shuffle(passages, random);
    }
    std::map<std::int64_t, double> plain;
    for (const auto& [passages, weight] : rankings)
      for (std::size_t i = 0; i < passages.size(); ++i)
        plain[passages[i]] += weight / (60.0 + static_cast<double>(i + 1));
    const auto fused = fuse_by_reciprocal_rank(rankings, 1000);
    ASSERT_EQ(fused.size(), plain.size());
    for (std::size_t i = 0; i < fused.size(); ++i) {
      EXPECT_DOUBLE_EQ(fused[i].score, plain.at(fused[i].passage));
      if (i > 0) {
        EXPECT_GE(fused[i - 1].score, fused[i].score);
      }
    }
  }
}

}  // namespace
}  // namespace leyden::retrieval
