#include "leyden/cache/write_back.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "leyden/cache/testing/fake_store.h"
#include "leyden/cache/testing/numbered.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::FakeStore;
using testing::key_of;
using testing::Mood;

const PassageScope kScope{.codec = {.tokenizer_fingerprint = {}, .vocabulary_size = 1000}};

WriteBack::Change put_of(std::uint64_t number, std::size_t size = 10) {
  return {key_of(number), make_block(TokenIds(size, static_cast<TokenId>(number % 1000))), kScope};
}
std::size_t stored(const FakeStore& store) {
  return store.values.with([](const auto& all) { return all.size(); });
}

TEST(WriteBack, WritesWhatItGets) {
  FakeStore store;
  WriteBack back(store, {});
  for (std::uint64_t i = 0; i < 100; ++i) back.add({put_of(i), put_of(1000 + i)});
  ASSERT_TRUE(back.flush(Deadline::after(10s)));
  EXPECT_EQ(stored(store), 200U);
  EXPECT_EQ(back.usage().bytes, 0U);
  EXPECT_GT(back.usage().bytes_peak, 0U);
  const Bytes bytes = store.values.with([](const auto& all) { return all.at(key_of(7)); });
  EXPECT_EQ(**decode_block(key_of(7), bytes, kScope.codec), TokenIds(10, 7));
}

TEST(WriteBack, ErasesInOrder) {
  FakeStore store;
  WriteBack back(store, {});
  back.add({put_of(1), put_of(2)});
  ASSERT_TRUE(back.flush(Deadline::after(10s)));
  back.add({{key_of(1), nullptr, kScope}});
  ASSERT_TRUE(back.flush(Deadline::after(10s)));
  EXPECT_EQ(stored(store), 1U);
}

TEST(WriteBack, DropsAndCountsWhatDoesNotFit) {
  FakeStore store;
  store.mood = Mood::hanging;
  WriteBack back(store, {.queue_bytes = 10'000, .write_timeout = 50ms, .close_timeout = 10ms});
  for (std::uint64_t i = 0; i < 100; ++i) back.add({put_of(i, 100)});
  EXPECT_GE(back.usage().dropped, 70U);
  EXPECT_LE(back.usage().bytes_peak, 10'000U);
  back.close();
  EXPECT_EQ(back.usage().dropped, 100U);
  EXPECT_EQ(back.usage().bytes, 0U);
}

TEST(WriteBack, FlushSaysWhatWasLostAndWhatStillWaits) {
  FakeStore store;
  store.mood = Mood::failing;
  WriteBack back(store, {.write_timeout = 300ms, .close_timeout = 10ms});
  back.add({put_of(1)});
  auto lost = back.flush(Deadline::after(10s));
  // Lost while it waited, or before: both are counted.
  if (!lost) {
    EXPECT_EQ(lost.error().code, Errc::unavailable);
  }
  EXPECT_EQ(back.usage().dropped, 1U);
  EXPECT_EQ(back.usage().errors, 1U);
  store.mood = Mood::hanging;
  back.add({put_of(2)});
  EXPECT_EQ(back.flush(Deadline::after(20ms)).error().code, Errc::timed_out);
  store.mood = Mood::well;
}

TEST(WriteBack, CancelTakesOutWhatWaits) {
  FakeStore store;
  store.mood = Mood::hanging;
  WriteBack back(store, {.write_timeout = 200ms});
  back.add({put_of(1)});
  while (store.calls_put == 0)
    std::this_thread::sleep_for(1ms);  // 1 is being written, the others wait.
  back.add({put_of(2), put_of(3)});
  auto cancelled = back.cancel(std::vector{key_of(2), key_of(9)}, Deadline::after(10s));
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(*cancelled, (std::vector<bool>{true, false}));
  EXPECT_EQ(back.cancel(std::vector{key_of(1)}, Deadline::after(1ms)).error().code,
            Errc::timed_out);
  EXPECT_TRUE(back.cancel(std::vector{key_of(1)}, Deadline::after(10s)));
  store.mood = Mood::well;
  (void)back.flush(Deadline::after(10s));
  EXPECT_FALSE(store.values.with([](const auto& all) { return all.contains(key_of(2)); }));
}

TEST(WriteBack, AnOversizedValueDoesNotTakeItsBatchWithIt) {
  FakeStore store;
  {
    WriteBack back(store, {.queue_bytes = 64 * MiB});
    back.add({put_of(1), put_of(2, 2'000'000), put_of(3)});
    back.close();
    EXPECT_EQ(back.usage().dropped, 1U);
  }
  EXPECT_EQ(stored(store), 2U);
}

TEST(WriteBack, CloseDrainsAndIsIdempotent) {
  FakeStore store;
  WriteBack back(store, {});
  for (std::uint64_t i = 0; i < 1000; ++i) back.add({put_of(i)});
  back.close();
  EXPECT_EQ(stored(store), 1000U);
  back.close();
  back.add({put_of(5000)});
  EXPECT_EQ(back.usage().dropped, 1U);
  EXPECT_TRUE(back.flush(Deadline::after(1s)));
}

TEST(WriteBack, ClosingIsBoundedWhenTheStoreHangs) {
  FakeStore store;
  store.mood = Mood::hanging;
  const auto before = std::chrono::steady_clock::now();
  {
    WriteBack back(store, {.write_timeout = 300ms, .close_timeout = 50ms});
    for (std::uint64_t i = 0; i < 40; ++i) back.add({put_of(i, 50'000)});  // Several batches.
  }
  // The write that had begun keeps its own deadline; what is behind it gets what is left of
  // close_timeout: none.
  EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
  EXPECT_EQ(stored(store), 0U);
}

TEST(WriteBack, AThousandOfThemLeakNoThread) {
  FakeStore store;
  auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                         std::filesystem::directory_iterator());
  };
  const auto before = threads();
  for (std::uint64_t i = 0; i < 1000; ++i) WriteBack(store, {}).add({put_of(i)});
  EXPECT_EQ(stored(store), 1000U);
  EXPECT_EQ(threads(), before);
}

}  // namespace
}  // namespace leyden::cache
