#include "leyden/telemetry/histogram.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace leyden::telemetry {
namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, EmptyIsAllZero) {
  LatencyHistogram histogram;
  LatencySummary summary = histogram.summary();
  EXPECT_EQ(summary.count, 0U);
  EXPECT_EQ(summary.avg_ms, 0);
  EXPECT_EQ(summary.p99_ms, 0);
  EXPECT_EQ(summary.max_ms, 0);
}

TEST(LatencyHistogram, OneValueIsEveryPercentile) {
  LatencyHistogram histogram;
  histogram.record(3ms);
  LatencySummary summary = histogram.summary();
  EXPECT_EQ(summary.count, 1U);
  EXPECT_DOUBLE_EQ(summary.avg_ms, 3);
  EXPECT_DOUBLE_EQ(summary.max_ms, 3);
  EXPECT_NEAR(summary.p50_ms, 3, 3 * 0.07);
  EXPECT_NEAR(summary.p99_ms, 3, 3 * 0.07);
}

TEST(LatencyHistogram, ExtremesAreTaken) {
  LatencyHistogram histogram;
  histogram.record(-1ns);  // A clock that went backwards counts as no time.
  histogram.record(0ns);
  histogram.record(std::chrono::nanoseconds::max());
  LatencySummary summary = histogram.summary();
  EXPECT_EQ(summary.count, 3U);
  EXPECT_EQ(summary.p50_ms, 0);
  EXPECT_GT(summary.max_ms, 1e9);
}

TEST(LatencyHistogram, PercentilesAreWithinABucketOfTheExactOnes) {
  std::mt19937_64 random(42);
  std::lognormal_distribution<double> nanoseconds(12, 3);
  for (std::size_t size : {1UL, 2UL, 10UL, 99UL, 100UL, 101UL, 5000UL}) {
    LatencyHistogram histogram;
    std::vector<double> all;
    for (std::size_t i = 0; i < size; ++i) {
      auto value = static_cast<std::int64_t>(nanoseconds(random));
      histogram.record(std::chrono::nanoseconds(value));
      all.push_back(static_cast<double>(value) / 1e6);
    }
    std::ranges::sort(all);
    LatencySummary summary = histogram.summary();
    auto exact = [&](double share) {
      auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(size) - 1e-9));
      return all[std::max<std::size_t>(rank, 1) - 1];
    };
    EXPECT_NEAR(summary.p50_ms, exact(0.50), exact(0.50) * 0.0625 + 1e-6) << size;
    EXPECT_NEAR(summary.p95_ms, exact(0.95), exact(0.95) * 0.0625 + 1e-6) << size;
    EXPECT_NEAR(summary.p99_ms, exact(0.99), exact(0.99) * 0.0625 + 1e-6) << size;
    EXPECT_DOUBLE_EQ(summary.max_ms, all.back());
  }
}

TEST(LatencyHistogram, TwoTogetherAreOneOfAll) {
  std::mt19937_64 random(7);
  LatencyHistogram one;
  LatencyHistogram two;
  LatencyHistogram all;
  for (int i = 0; i < 1000; ++i) {
    const std::chrono::nanoseconds duration(random() >> (random() % 60));
    (i % 3 == 0 ? one : two).record(duration);
    all.record(duration);
  }
  one.add(two);
  one.add({});
  for (const LatencyHistogram& same : {one, LatencyHistogram::of(all.content())}) {
    EXPECT_EQ(same.summary().count, 1000U);
    EXPECT_DOUBLE_EQ(same.summary().avg_ms, all.summary().avg_ms);
    EXPECT_EQ(same.summary().p50_ms, all.summary().p50_ms);
    EXPECT_EQ(same.summary().p99_ms, all.summary().p99_ms);
    EXPECT_EQ(same.summary().max_ms, all.summary().max_ms);
  }
}

TEST(LatencyHistogram, BucketsThatThereCanNotBeAreLeftOut) {
  const auto histogram =
      LatencyHistogram::of({.buckets = {{3, 5}, {4'000'000'000, 1}}, .sum_ns = 15, .max_ns = 3});
  EXPECT_EQ(histogram.summary().count, 5U);
  EXPECT_LE(histogram.bytes(), 8 * 1024U);
}

}  // namespace
}  // namespace leyden::telemetry
