#include "leyden/telemetry/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>
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

TEST(LatencyHistogram, ManyThreadsLoseNothing) {
  LatencyHistogram histogram;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) histogram.record(std::chrono::microseconds(i));
      });
    }
  }
  LatencySummary summary = histogram.summary();
  EXPECT_EQ(summary.count, 40'000U);
  EXPECT_NEAR(summary.avg_ms, 4.9995, 1e-9);
  histogram.reset();
  EXPECT_EQ(histogram.summary().count, 0U);
  EXPECT_EQ(histogram.summary().max_ms, 0);
}

}  // namespace
}  // namespace leyden::telemetry
