#include "leyden/cache/memory/read_mostly_lock.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

// The two are plain: under the thread sanitizer this is a proof attempt, and everywhere a reader
// that is let in beside a writer sees them differ.
TEST(ReadMostlyLock, ReadersSeeWholeWritesAndWritersTakeTurns) {
  ReadMostlyLock lock;
  std::uint64_t one = 0;
  std::uint64_t two = 0;
  std::atomic<std::uint64_t> torn{0};
  constexpr std::uint64_t kWrites = 3000;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 10; ++t) {  // More than there are stripes.
      threads.emplace_back([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          ReadMostlyLock::Reading reading(lock);
          if (one != two) ++torn;
        }
      });
    }
    std::vector<std::jthread> writers;
    for (int t = 0; t < 2; ++t) {
      writers.emplace_back([&] {
        for (std::uint64_t i = 0; i < kWrites; ++i) {
          ReadMostlyLock::Planning planning(lock);
          const std::uint64_t next = one + 1;
          for (int part = 0; part < 2; ++part) {
            ReadMostlyLock::Writing writing(planning);
            one = next;
            two = next;
          }
        }
      });
    }
    for (auto& writer : writers) writer.join();
  }
  EXPECT_EQ(torn, 0U);
  EXPECT_EQ(one, 2 * kWrites);
}

TEST(ReadMostlyLock, PlanningKeepsNoReaderOut) {
  ReadMostlyLock lock;
  ReadMostlyLock::Planning planning(lock);
  std::jthread([&] { ReadMostlyLock::Reading reading(lock); }).join();
}

// A reader that found a writer in its way each time waits for its turn instead of spinning on.
TEST(ReadMostlyLock, AReaderWaitsForALongWrite) {
  ReadMostlyLock lock;
  std::atomic<bool> writing{false};
  bool written = false;
  std::jthread writer([&] {
    ReadMostlyLock::Planning planning(lock);
    ReadMostlyLock::Writing alone(planning);
    writing = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    written = true;
  });
  while (!writing) std::this_thread::yield();
  ReadMostlyLock::Reading reading(lock);
  EXPECT_TRUE(written);
}

}  // namespace
}  // namespace leyden::cache
