#include "leyden/agents/evolve/search_state.h"

#include <gtest/gtest.h>

namespace leyden::evolve {
namespace {

Trajectory scored(std::size_t number, std::vector<std::size_t> parents,
                  std::optional<double> score) {
  Trajectory out{.number = number, .parents = std::move(parents)};
  out.evaluation = Evaluation{.status = score ? Status::measured : Status::failed};
  if (score) out.evaluation->samples = {*score};
  return out;
}

TEST(Gain, IsOverTheBetterOfTwoParents) {
  const std::vector<Trajectory> all = {scored(0, {}, 10), scored(1, {0}, 5), scored(2, {1, 0}, 8)};
  EXPECT_EQ(rival_of(all[2], all, Goal::max).number, 0);
  EXPECT_EQ(rival_of(all[2], all, Goal::min).number, 1);
  EXPECT_EQ(gain_of(all[2], rival_of(all[2], all, Goal::max), Goal::max), 0);
}

TEST(Gain, IsNotThereForTakingBackWhatBrokeTheParent) {
  const std::vector<Trajectory> all = {scored(0, {}, 10), scored(1, {0}, {}), scored(2, {1}, {}),
                                       scored(3, {2}, 10), scored(4, {2}, 11)};
  EXPECT_EQ(gain_of(all[3], rival_of(all[3], all, Goal::max), Goal::max), 0);
  EXPECT_NEAR(gain_of(all[4], rival_of(all[4], all, Goal::max), Goal::max), 0.1, 1e-9);
}

TEST(Gain, IsAllForMendingWhatNeverPassed) {
  const std::vector<Trajectory> all = {scored(0, {}, {}), scored(1, {0}, {}), scored(2, {1}, 3)};
  EXPECT_EQ(gain_of(all[2], rival_of(all[2], all, Goal::max), Goal::max), 1);
}

TEST(GainScale, IsTheSameForScoresOfAnyUnitAndForgetsTheLargeFirstOnes) {
  GainScale scale;
  EXPECT_EQ(scale.scaled(0.5), 0.5);
  EXPECT_EQ(scale.scaled(0), 0);
  for (int i = 0; i < 20; ++i) scale.scaled(1e-6);
  EXPECT_NEAR(scale.scaled(1e-6), 0.5, 1e-12);
  EXPECT_NEAR(scale.scaled(9e-6), 0.9, 1e-12);
  GainScale other;
  for (int i = 0; i < 3; ++i) other.scaled(1e6);
  EXPECT_NEAR(other.scaled(9e6), 0.9, 1e-12);
}

}  // namespace
}  // namespace leyden::evolve
