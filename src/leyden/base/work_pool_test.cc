#include "leyden/base/work_pool.h"

#include <atomic>
#include <chrono>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace leyden {
namespace {

using namespace std::chrono_literals;

TEST(WorkPool, EachPartOnce) {
  for (std::size_t helpers : {0UL, 1UL, 3UL}) {
    WorkPool pool(helpers);
    for (std::size_t parts : {0UL, 1UL, 2UL, 1000UL}) {
      std::vector<std::atomic<int>> done(parts);
      pool.run(parts, [&](std::size_t i) { ++done[i]; });
      for (const auto& each : done) EXPECT_EQ(each, 1);
    }
  }
}

TEST(WorkPool, PartsRunAtTheSameTime) {
  WorkPool pool(2);
  std::latch all(3);
  pool.run(3, [&](std::size_t) { all.arrive_and_wait(); });
}

TEST(WorkPool, CallsAtTheSameTimeEachGetTheirs) {
  WorkPool pool(2);
  std::vector<std::jthread> callers;
  std::atomic<std::uint64_t> sum{0};
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        std::atomic<std::uint64_t> mine{0};
        pool.run(10, [&](std::size_t i) { mine += i; });
        EXPECT_EQ(mine, 45U);
        sum += mine;
      }
    });
  }
  callers.clear();
  EXPECT_EQ(sum, 4U * 200U * 45U);
}

// Helpers that are busy elsewhere hold nobody up.
TEST(WorkPool, ACallDoesItsPartsItselfWhenHelpersAreBusy) {
  WorkPool pool(1);
  std::atomic<bool> go_on{false};
  std::latch busy(2);
  std::jthread other([&] {
    pool.run(2, [&](std::size_t) {
      busy.count_down();
      while (!go_on) std::this_thread::sleep_for(1ms);
    });
  });
  busy.wait();
  int done = 0;
  pool.run(5, [&](std::size_t) { ++done; });
  EXPECT_EQ(done, 5);
  go_on = true;
}

TEST(WorkPool, WhatAPartThrowsTheCallThrows) {
  WorkPool pool(2);
  for (std::size_t bad : {0UL, 7UL, 99UL}) {
    EXPECT_THROW(pool.run(100,
                          [&](std::size_t i) {
                            if (i == bad) throw std::runtime_error("bad");
                          }),
                 std::runtime_error);
  }
  std::atomic<int> done{0};
  pool.run(10, [&](std::size_t) { ++done; });
  EXPECT_EQ(done, 10);
}

}  // namespace
}  // namespace leyden
