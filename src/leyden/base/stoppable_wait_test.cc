#include "leyden/base/stoppable_wait.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace leyden {
namespace {

using namespace std::chrono_literals;

TEST(StoppableWait, LastsUntilTheDeadline) {
  const std::stop_source stop;
  for (const std::stop_token& token : {stop.get_token(), std::stop_token()}) {
    const Deadline until = Deadline::after(20ms);
    EXPECT_TRUE(wait_unless_stopped(token, until));
    EXPECT_TRUE(until.passed());
  }
}

TEST(StoppableWait, APassedDeadlineIsNotWaitedFor) {
  std::stop_source stop;
  EXPECT_TRUE(wait_unless_stopped(stop.get_token(), Deadline::after(-1h)));
  stop.request_stop();
  EXPECT_FALSE(wait_unless_stopped(stop.get_token(), Deadline::after(-1h)));
}

TEST(StoppableWait, AStopThatCameBeforeIsHeard) {
  std::stop_source stop;
  stop.request_stop();
  const Deadline late = Deadline::after(1h);
  EXPECT_FALSE(wait_unless_stopped(stop.get_token(), late));
  EXPECT_FALSE(late.passed());
}

TEST(StoppableWait, AllWhoWaitHearAStopAtOnce) {
  std::stop_source stop;
  std::atomic<int> waiting{0};
  std::atomic<int> stopped{0};
  {
    std::vector<std::jthread> threads;
    for (const Deadline until : {Deadline::after(1h), Deadline::never(), Deadline::never()}) {
      threads.emplace_back([&, until] {
        ++waiting;
        if (!wait_unless_stopped(stop.get_token(), until)) ++stopped;
      });
    }
    while (waiting < 3) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(stopped, 0);
    stop.request_stop();
  }
  EXPECT_EQ(stopped, 3);
}

}  // namespace
}  // namespace leyden
