#include "leyden/cache/gate.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;

TEST(Gate, ManyAreInsideAtOnce) {
  Gate gate;
  auto one = gate.enter(Deadline::never());
  auto two = gate.enter(Deadline::after(1s));
  EXPECT_TRUE(one && two);
}

TEST(Gate, AloneWaitsForThoseInsideUpToTheDeadline) {
  Gate gate;
  auto inside = gate.enter(Deadline::never());
  bool ran = false;
  EXPECT_FALSE(gate.alone(Deadline::after(10ms), [&] { ran = true; }));
  EXPECT_FALSE(ran);
  EXPECT_TRUE(gate.enter(Deadline::after(1s)));  // The failed try does not keep others out.
  inside.reset();
  EXPECT_TRUE(gate.alone(Deadline::after(1s), [&] { ran = true; }));
  EXPECT_TRUE(ran);
}

TEST(Gate, NobodyEntersWhileOneIsAlone) {
  Gate gate;
  int inside = 0;  // Not atomic: the sanitizer sees if two are in.
  std::atomic<int> entered{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        if (t == 0) {
          EXPECT_TRUE(gate.alone(Deadline::never(), [&] { ++inside; }));
        } else {
          auto pass = gate.enter(Deadline::never());
          EXPECT_TRUE(pass);
          entered += inside >= 0 ? 1 : 0;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(inside, 500);
  EXPECT_EQ(entered, 1500);
}

TEST(Gate, CloseWaitsForTheLastAndLetsNobodyIn) {
  Gate gate;
  std::atomic<bool> left{false};
  auto pass = gate.enter(Deadline::never());
  std::jthread leaver([&] {
    std::this_thread::sleep_for(20ms);
    left = true;
    pass.reset();
  });
  gate.close();
  EXPECT_TRUE(left);
  EXPECT_FALSE(gate.enter(Deadline::never()));
  EXPECT_FALSE(gate.alone(Deadline::never(), [] {}));
  gate.close();
}

}  // namespace
}  // namespace leyden::cache
