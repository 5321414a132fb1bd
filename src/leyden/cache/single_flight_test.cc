#include "leyden/cache/single_flight.h"

#include <atomic>
#include <barrier>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using Flights = SingleFlight<int, int>;

TEST(SingleFlight, ManyCallersOneComputation) {
  constexpr int kCallers = 16;
  Flights flights;
  std::atomic<int> computed{0};
  std::atomic<int> answered{0};
  std::barrier joined(kCallers);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kCallers; ++t) {
      threads.emplace_back([&] {
        auto flight = flights.join(7);
        joined.arrive_and_wait();
        if (flight.leads()) {
          ++computed;
          flight.resolve(49);
          ++answered;
        } else {
          auto answer = flight.wait(Deadline::after(10s));
          if (answer && *answer == 49) ++answered;
        }
      });
    }
  }
  EXPECT_EQ(computed, 1);
  EXPECT_EQ(answered, kCallers);
  EXPECT_EQ(flights.in_flight(), 0U);
}

TEST(SingleFlight, AFailureIsHandedToAll) {
  Flights flights;
  auto leader = flights.join(1);
  auto one = flights.join(1);
  auto two = flights.join(1);
  ASSERT_TRUE(leader.leads());
  ASSERT_FALSE(one.leads() || two.leads());
  leader.resolve(fail(Errc::unavailable, "no"));
  EXPECT_EQ(one.wait(Deadline::never()).error().code, Errc::unavailable);
  EXPECT_EQ(two.wait(Deadline::never()).error().message, "no");
}

TEST(SingleFlight, ALeaderThatVanishesCancels) {
  Flights flights;
  auto leader = std::make_unique<Flights::Flight>(flights.join(1));
  auto follower = flights.join(1);
  leader.reset();
  EXPECT_EQ(follower.wait(Deadline::after(1s)).error().code, Errc::cancelled);
  EXPECT_TRUE(flights.join(1).leads());
}

TEST(SingleFlight, AMovedLeaderLeadsOnce) {
  Flights flights;
  auto first = flights.join(1);
  auto follower = flights.join(1);
  {
    Flights::Flight second(std::move(first));
    EXPECT_TRUE(second.leads());
    EXPECT_FALSE(first.leads());  // NOLINT(bugprone-use-after-move): that is the point.
    second.resolve(5);
    EXPECT_FALSE(second.leads());
  }
  EXPECT_EQ(follower.wait(Deadline::never()).value(), 5);
}

TEST(SingleFlight, WaitingEndsAtTheDeadline) {
  Flights flights;
  auto leader = flights.join(1);
  auto follower = flights.join(1);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(follower.wait(Deadline::after(30ms)).error().code, Errc::timed_out);
  const auto waited = std::chrono::steady_clock::now() - before;
  EXPECT_GE(waited, 30ms);
  EXPECT_LT(waited, 5s);
  leader.resolve(3);
  EXPECT_EQ(follower.wait(Deadline::never()).value(), 3);  // Late, but not lost.
}

TEST(SingleFlight, AfterResolveANewFlightBegins) {
  Flights flights;
  auto first = flights.join(1);
  first.resolve(1);
  auto second = flights.join(1);
  EXPECT_TRUE(second.leads());
  auto other = flights.join(2);
  EXPECT_TRUE(other.leads());
}

TEST(SingleFlight, CrossingKeySetsDoNotDeadlock) {
  constexpr int kKeys = 12;
  Flights flights;
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937 random(t);
        for (int round = 0; round < 300; ++round) {
          std::vector<int> keys(kKeys);
          for (int i = 0; i < kKeys; ++i) keys[static_cast<std::size_t>(i)] = i;
          std::ranges::shuffle(keys, random);
          std::vector<Flights::Flight> led;
          std::vector<std::pair<int, Flights::Flight>> followed;
          for (int key : keys) {
            auto flight = flights.join(key);
            if (flight.leads()) {
              led.push_back(std::move(flight));
              led.back().resolve(key * key);
            } else {
              followed.emplace_back(key, std::move(flight));
            }
          }
          for (auto& [key, flight] : followed) {
            auto answer = flight.wait(Deadline::after(20s));
            if (!answer || *answer != key * key) ++wrong;
          }
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(flights.in_flight(), 0U);
}

}  // namespace
}  // namespace leyden::cache
