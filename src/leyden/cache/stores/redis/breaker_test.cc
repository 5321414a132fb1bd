#include "leyden/cache/stores/redis/breaker.h"

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;

TEST(Breaker, OpensAfterThreeFailuresInARow) {
  ManualClock clock;
  Breaker breaker(clock);
  breaker.failed("a");
  breaker.failed("a");
  breaker.succeeded();
  breaker.failed("a");
  breaker.failed("a");
  EXPECT_FALSE(breaker.open());
  breaker.failed("b");
  EXPECT_TRUE(breaker.open());
  EXPECT_EQ(breaker.reason(), "b");
}

TEST(Breaker, OpensWhenHalfOfManyFail) {
  ManualClock clock;
  Breaker breaker(clock);
  for (int i = 0; i < 9; ++i) {
    breaker.failed("x");
    breaker.succeeded();
    EXPECT_FALSE(breaker.open());
  }
  // Old failures are forgotten.
  clock.advance(3s);
  for (int i = 0; i < 9; ++i) {
    breaker.failed("x");
    breaker.succeeded();
  }
  EXPECT_FALSE(breaker.open());
  breaker.failed("x");
  breaker.succeeded();
  breaker.failed("x");
  EXPECT_TRUE(breaker.open());
}

TEST(Breaker, OneProbeAtATimeAndLongerWaits) {
  ManualClock clock;
  Breaker breaker(clock);
  EXPECT_FALSE(breaker.take_probe());
  breaker.trip("gone");
  EXPECT_FALSE(breaker.take_probe());
  clock.advance(200ms);
  EXPECT_TRUE(breaker.take_probe());
  EXPECT_FALSE(breaker.take_probe());
  breaker.probed(false, "still gone");
  EXPECT_EQ(breaker.reason(), "still gone");
  for (int i = 0; i < 10; ++i) {
    clock.advance(99ms);
    EXPECT_FALSE(breaker.take_probe());
    clock.advance(2s);  // Never longer.
    EXPECT_TRUE(breaker.take_probe());
    breaker.probed(false, "still gone");
  }
  clock.advance(2s);
  EXPECT_TRUE(breaker.take_probe());
  breaker.probed(true, "");
  EXPECT_FALSE(breaker.open());
}

}  // namespace
}  // namespace leyden::cache
