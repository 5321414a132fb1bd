#include "leyden/cache/stores/lmdb/writer_lock.h"

#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;

// Two of them on one file stand for two processes: a flock belongs to the opened file, not to the
// process.
TEST(WriterLock, OneHolderAmongAllUpToTheDeadline) {
  TemporaryFolder folder;
  auto here = WriterLock::open(folder.path() / "lock").value();
  auto there = WriterLock::open(folder.path() / "lock").value();
  {
    auto held = here->hold(Deadline::after(1s));
    ASSERT_TRUE(held);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(here->hold(Deadline::after(30ms)).error().code, Errc::timed_out);
    EXPECT_EQ(there->hold(Deadline::after(30ms)).error().code, Errc::timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
  }
  EXPECT_TRUE(there->hold(Deadline::after(1s)));
  EXPECT_TRUE(here->hold(Deadline::after(1s)));
}

TEST(WriterLock, ExcludesThreads) {
  TemporaryFolder folder;
  auto one = WriterLock::open(folder.path() / "lock").value();
  int count = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
          auto held = one->hold(Deadline::never());
          if (held) ++count;
        }
      });
    }
  }
  EXPECT_EQ(count, 800);
}

TEST(WriterLock, AFolderThatIsNotThere) {
  EXPECT_EQ(WriterLock::open("/nonexistent/lock").error().code, Errc::unavailable);
}

}  // namespace
}  // namespace leyden::cache
