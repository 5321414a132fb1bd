#include "leyden/cache/cost_model.h"

#include <random>

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(RunningLine, FindsALineAndFollowsIt) {
  RunningLine line;
  std::mt19937 random(1);
  auto number = [&](unsigned below) { return static_cast<double>(random() % below); };
  EXPECT_EQ(line.at(1), std::nullopt);
  for (int i = 0; i < 300; ++i) {
    const double x = number(10'000);
    line.add(x, 500 + 3 * x + number(100));
  }
  EXPECT_NEAR(*line.at(0), 550, 60);
  EXPECT_NEAR(*line.at(5'000), 15'550, 100);
  for (int i = 0; i < 600; ++i) {
    const double x = number(10'000);
    line.add(x, 2'000 + x);
  }
  EXPECT_NEAR(*line.at(0), 2'000, 100);
  EXPECT_NEAR(*line.at(5'000), 7'000, 100);
}

TEST(RunningLine, OneSizeOnlyIsItsMeanForAll) {
  RunningLine line;
  for (int i = 0; i < 100; ++i) line.add(1'000, 70);
  EXPECT_NEAR(*line.at(0), 70, 1e-6);
  EXPECT_NEAR(*line.at(100'000), 70, 1e-6);
}

TEST(RunningLine, OneThatIsFarOffCountsLittle) {
  RunningLine line;
  for (int i = 0; i < 100; ++i) line.add(i, 100);
  line.add(50, 1e9);
  EXPECT_LT(*line.at(50), 150);
}

// 100 us a round trip and 1 ns a byte against 10 ns a byte.
void teach(CostModel& model, double found = 1) {
  std::mt19937 random(2);
  for (int i = 0; i < 200; ++i) {
    const std::size_t bytes = 100 + random() % 50'000;
    model.encoded(bytes, nanoseconds(10 * bytes));
    model.read(bytes, static_cast<std::size_t>(found * static_cast<double>(bytes)),
               nanoseconds(100'000 + bytes));
  }
}

int yes_of_64(CostModel& model, std::size_t bytes) {
  int yes = 0;
  for (int i = 0; i < 64; ++i) yes += model.should_read(bytes) ? 1 : 0;
  return yes;
}

TEST(CostModel, ReadsUntilItKnowsBetter) {
  CostModel model;
  EXPECT_TRUE(model.should_read(1));
  EXPECT_EQ(model.estimate().crossover_bytes, std::nullopt);
  teach(model);
  EXPECT_EQ(yes_of_64(model, 1'000), 1);  // The one that explores.
  EXPECT_EQ(yes_of_64(model, 40'000), 64);
  const auto estimate = model.estimate();
  EXPECT_NEAR(*estimate.encode_us, 10.24, 0.5);
  EXPECT_NEAR(*estimate.read_us, 101, 2);
  EXPECT_NEAR(static_cast<double>(*estimate.crossover_bytes), 11'111, 300);
}

TEST(CostModel, AStoreThatLacksMostIsNotWorthARoundTrip) {
  CostModel model;
  teach(model, 0.05);
  EXPECT_NEAR(model.estimate().found_share, 0.05, 0.01);
  EXPECT_EQ(yes_of_64(model, 40'000), 1);
  EXPECT_EQ(model.estimate().crossover_bytes, std::nullopt);
}

TEST(CostModel, NoticesThatTheStoreHasBecomeQuicker) {
  CostModel model;
  teach(model);
  int asked = 0;
  // Only the questions that explore tell it.
  while (yes_of_64(model, 1'000) < 64 && asked < 1'000) {
    model.read(1'000, 1'000, 2us);
    ++asked;
  }
  EXPECT_LT(asked, 400);
}

TEST(CostModel, CanBeForced) {
  CostModel always(StoreReads::always);
  CostModel never(StoreReads::never);
  teach(always);
  teach(never);
  EXPECT_EQ(yes_of_64(always, 1), 64);
  EXPECT_EQ(yes_of_64(never, 1'000'000), 0);
}

}  // namespace
}  // namespace leyden::cache
