#include "leyden/cache/token_cache.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/testing/fake_store.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/testing/token_cache_fixture.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::key_of;
using testing::Mood;
using testing::soon;

using TokenCacheTest = testing::TokenCacheFixture;

TEST_F(TokenCacheTest, MissThenHit) {
  TokenCache cache(*memory_, nullptr, clock_);
  EXPECT_EQ(sources(ask(cache, {1, 2})), (Sources{Source::encoded, Source::encoded}));
  EXPECT_EQ(sources(ask(cache, {2, 3, 1})),
            (Sources{Source::memory, Source::encoded, Source::memory}));
  EXPECT_TRUE(ask(cache, {})->empty());
  EXPECT_EQ(encoded_, 3);
  const CacheStats stats = cache.stats();
  expect_sums(stats);
  EXPECT_EQ(stats.lookups, 5U);
  EXPECT_EQ(stats.hits_memory, 2U);
  EXPECT_EQ(stats.misses, 3U);
  EXPECT_DOUBLE_EQ(stats.hit_rate, 0.4);
  EXPECT_EQ(stats.total_tokens_cached, ids_of(1).size() + ids_of(2).size() + ids_of(3).size());
  EXPECT_GT(stats.cache_size_mb, 0);
  EXPECT_GE(stats.memory_usage_mb, stats.cache_size_mb);
  EXPECT_GE(stats.peak_memory_mb, stats.memory_usage_mb);
  EXPECT_EQ(stats.errors, 0U);
}

TEST_F(TokenCacheTest, TheSameKeyTwiceIsEncodedOnce) {
  TokenCache cache(*memory_, &store_, clock_);
  EXPECT_EQ(sources(ask(cache, {1, 1, 2, 1})),
            (Sources{Source::encoded, Source::coalesced, Source::encoded, Source::coalesced}));
  EXPECT_EQ(encoded_, 2);
  expect_sums(cache.stats());
  EXPECT_EQ(cache.stats().coalesced, 2U);
  memory_->clear();
  ASSERT_TRUE(cache.flush(soon()));
  EXPECT_EQ(sources(ask(cache, {1, 1})), (Sources{Source::store, Source::store}));
  expect_sums(cache.stats());
}

TEST_F(TokenCacheTest, TheStoreAnswersWhatMemoryForgot) {
  TokenCache cache(*memory_, &store_, clock_);
  ASSERT_TRUE(ask(cache, {1, 2}));
  ASSERT_TRUE(cache.flush(soon()));
  memory_->clear();
  store_.calls_find = 0;
  EXPECT_EQ(sources(ask(cache, {1, 3, 2})),
            (Sources{Source::store, Source::encoded, Source::store}));
  EXPECT_EQ(store_.calls_find, 1);  // One batched look-up.
  EXPECT_EQ(sources(ask(cache, {1, 2, 3})), (Sources(3, Source::memory)));
  EXPECT_EQ(store_.calls_find, 1);  // None when memory has all.
  ASSERT_TRUE(cache.flush(soon()));
  const CacheStats stats = cache.stats();
  expect_sums(stats);
  EXPECT_EQ(stats.hits_store, 2U);
  EXPECT_EQ(stats.store_entries, 3U);
  EXPECT_GT(stats.store_size_mb, 0);
  // What came from the store is not written to it again.
  EXPECT_LE(store_.calls_put, 3);
}

TEST_F(TokenCacheTest, ACorruptValueIsCountedErasedAndEncodedAgain) {
  TokenCache cache(*memory_, &store_, clock_);
  ASSERT_TRUE(ask(cache, {1, 2, 3}));
  ASSERT_TRUE(cache.flush(soon()));
  const Bytes good = store_.values.with([](auto& all) {
    all.at(key_of(2)).back() ^= std::byte{1};
    const Bytes three = all.at(key_of(3));
    all.at(key_of(3)) = all.at(key_of(1));  // Right in itself, under a foreign name.
    return three;
  });
  memory_->clear();
  EXPECT_EQ(sources(ask(cache, {1, 2, 3})),
            (Sources{Source::store, Source::encoded, Source::encoded}));
  ASSERT_TRUE(cache.flush(soon()));
  EXPECT_EQ(cache.stats().corruptions, 2U);
  EXPECT_GE(store_.calls_erase, 1);
  EXPECT_EQ(store_.values.with([](const auto& all) { return all.at(key_of(3)); }), good);
  memory_->clear();
  EXPECT_EQ(sources(ask(cache, {1, 2, 3})), (Sources(3, Source::store)));
  expect_sums(cache.stats());
}

// When it can't be encoded again it must at least be gone.
TEST_F(TokenCacheTest, ACorruptValueIsErasedEvenWhenEncodingFails) {
  TokenCache cache(*memory_, &store_, clock_);
  store_.values.with([](auto& all) { all[key_of(1)] = Bytes(40); });
  auto failed = cache.find_or_encode(
      std::vector{key_of(1)}, kScope,
      [](std::size_t) -> Result<TokenIds> { return fail(Errc::internal, "no"); }, soon());
  EXPECT_FALSE(failed);
  ASSERT_TRUE(cache.flush(soon()));
  EXPECT_TRUE(store_.values.with([](const auto& all) { return all.empty(); }));
  EXPECT_EQ(cache.stats().corruptions, 1U);
}

TEST_F(TokenCacheTest, AnotherTokenizersValueIsNeverServed) {
  TokenCache cache(*memory_, &store_, clock_);
  CodecContext other = kScope.codec;
  other.tokenizer_fingerprint = Hasher().field("other").finish();
  store_.values.with(
      [&](auto& all) { all[key_of(1)] = encode_block(key_of(1), TokenIds{1, 2, 3}, other); });
  EXPECT_EQ(sources(ask(cache, {1})), Sources{Source::encoded});
  EXPECT_EQ(cache.stats().corruptions, 1U);
}

TEST_F(TokenCacheTest, AFailingStoreCostsNoAnswer) {
  TokenCache cache(*memory_, &store_, clock_);
  for (Mood mood : {Mood::failing, Mood::confused}) {
    memory_->clear();
    store_.mood = mood;
    EXPECT_EQ(sources(ask(cache, {1, 2})), (Sources(2, Source::encoded)));
    EXPECT_EQ(sources(ask(cache, {1, 2})), (Sources(2, Source::memory)));
  }
  (void)cache.flush(soon());
  const CacheStats stats = cache.stats();
  expect_sums(stats);
  EXPECT_GE(stats.errors, 2U);
  store_.mood = Mood::failing;
  EXPECT_EQ(cache.erase_many(std::vector{key_of(1)}, soon()).error().code, Errc::unavailable);
  EXPECT_EQ(sources(ask(cache, {1})), Sources{Source::encoded});  // Gone from memory all the same.
  // And back without a restart, once it has said that 1 could not be written.
  (void)cache.flush(soon());
  store_.mood = Mood::well;
  ASSERT_TRUE(ask(cache, {7}));
  ASSERT_TRUE(cache.flush(soon()));
  memory_->clear();
  EXPECT_EQ(sources(ask(cache, {7})), Sources{Source::store});
}

TEST_F(TokenCacheTest, AHangingStoreCostsItsTimeoutOrTheDeadlineAtMost) {
  store_.mood = Mood::hanging;
  TokenCache cache(
      *memory_, &store_, clock_,
      {.store_timeout = 50ms, .write_back = {.write_timeout = 20ms, .close_timeout = 20ms}});
  auto timed = [&](std::uint64_t number, Deadline deadline) {
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(sources(ask(cache, {number}, deadline)), Sources{Source::encoded});
    return std::chrono::steady_clock::now() - before;
  };
  EXPECT_LT(timed(1, soon()), 5s);
  EXPECT_LT(timed(2, Deadline::never()), 5s);
  EXPECT_LT(timed(3, Deadline::after(5ms)), 5s);
  EXPECT_GE(cache.stats().errors, 3U);
  expect_sums(cache.stats());
}

TEST_F(TokenCacheTest, TheEncodersErrorIsTheAnswer) {
  TokenCache cache(*memory_, &store_, clock_);
  auto failing = [](std::size_t index) -> Result<TokenIds> {
    if (index == 1) return fail(Errc::unavailable, "passage 1");
    return TokenIds{7};
  };
  auto found =
      cache.find_or_encode(std::vector{key_of(1), key_of(2), key_of(3)}, kScope, failing, soon());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "passage 1");
  expect_sums(cache.stats());
  EXPECT_EQ(cache.stats().lookups, 0U);
  EXPECT_TRUE(memory_->find(key_of(1)));  // What was done is kept.
  EXPECT_FALSE(memory_->find(key_of(2)));
  EXPECT_EQ(sources(ask(cache, {2, 3})),
            (Sources(2, Source::encoded)));  // No flight is left behind.
}

TEST_F(TokenCacheTest, WhatCanNotBeEncodedIsNotTriedAgainForAMoment) {
  ManualClock clock;
  auto memory = MemoryTier::make({}, clock);
  ASSERT_TRUE(memory);
  TokenCache cache(**memory, &store_, clock);
  int tried = 0;
  auto refusing = [&](std::size_t) -> Result<TokenIds> {
    ++tried;
    return fail(Errc::invalid_argument, "no such text");
  };
  for (int i = 0; i < 3; ++i) {
    auto found = cache.find_or_encode(std::vector{key_of(1)}, kScope, refusing, soon());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::invalid_argument);
  }
  EXPECT_EQ(tried, 1);
  clock.advance(10s);
  EXPECT_EQ(sources(ask(cache, {1})), Sources{Source::encoded});
}

TEST_F(TokenCacheTest, TheStoreLearnsWhoseAPassageIsAndForHowLong) {
  TokenCache cache(*memory_, &store_, clock_);
  ASSERT_TRUE(ask(cache, {1, 2}));
  ASSERT_TRUE(cache.flush(soon()));
  store_.groups.with([](const auto& all) {
    EXPECT_EQ(all.at(key_of(1)), (std::pair{kScope.tenant, kScope.tokenizer}));
  });
  EXPECT_EQ(store_.ttl.load(), 1h);
}

// A store that takes long for little, and a tokenizer that takes none.
TEST_F(TokenCacheTest, SkipsAStoreThatIsSlowerThanEncoding) {
  TokenCache cache(*memory_, &store_, clock_);
  store_.after_find = [] { std::this_thread::sleep_for(2ms); };
  const std::size_t bytes[] = {1'000};
  for (std::uint64_t i = 0; i < 200; ++i) {
    auto found = cache.find_or_encode(std::vector{key_of(i)}, kScope,
                                      [](std::size_t) -> Result<TokenIds> { return TokenIds{1}; },
                                      soon(), {.text_bytes = bytes});
    ASSERT_TRUE(found);
  }
  const CacheStats stats = cache.stats();
  EXPECT_GT(stats.bypassed, 150U);
  EXPECT_EQ(stats.bypassed + static_cast<std::uint64_t>(store_.calls_find), 200U);
  EXPECT_GT(*stats.store_read_us_per_kib, *stats.encode_us_per_kib);
  ASSERT_TRUE(cache.flush(soon()));
  EXPECT_EQ(store_.values.with([](const auto& all) { return all.size(); }),
            200U);  // Written all the same.
}

TEST_F(TokenCacheTest, ValuesInASharedStoreCarryAMac) {
  TokenCacheOptions options;
  options.integrity = Integrity::keyed(Secret{std::byte{5}});
  {
    TokenCache cache(*memory_, &store_, clock_, options);
    ASSERT_TRUE(ask(cache, {1}));
    ASSERT_TRUE(cache.flush(soon()));
    memory_->clear();
    EXPECT_EQ(sources(ask(cache, {1})), Sources{Source::store});
  }
  memory_->clear();
  TokenCache others(*memory_, &store_, clock_,
                    {.integrity = Integrity::keyed(Secret{std::byte{6}})});
  EXPECT_EQ(sources(ask(others, {1})), Sources{Source::encoded});
  EXPECT_EQ(others.stats().corruptions, 1U);
}

TEST_F(TokenCacheTest, AnEncoderThatThrowsLeavesNoFlightBehind) {
  TokenCache cache(*memory_, &store_, clock_);
  EXPECT_THROW((void)cache.find_or_encode(
                   std::vector{key_of(1)}, kScope,
                   [](std::size_t) -> Result<TokenIds> { throw std::runtime_error("x"); }, soon()),
               std::runtime_error);
  EXPECT_EQ(sources(ask(cache, {1}, Deadline::after(5s))), Sources{Source::encoded});
}

TEST_F(TokenCacheTest, AnIdOutsideTheVocabularyIsAnErrorAndIsNotKept) {
  TokenCache cache(*memory_, &store_, clock_);
  auto wrong = [](std::size_t) -> Result<TokenIds> { return TokenIds{1, kVocabulary}; };
  auto found = cache.find_or_encode(std::vector{key_of(1)}, kScope, wrong, soon());
  EXPECT_EQ(found.error().code, Errc::internal);
  EXPECT_FALSE(memory_->find(key_of(1)));
}

// A call leads two passages and fails at the first: who waits for the second must not fail with it.
TEST_F(TokenCacheTest, AFollowerTakesOverFromALeaderThatGaveUp) {
  TokenCache cache(*memory_, nullptr, clock_);
  std::atomic<bool> leading{false};
  std::atomic<bool> followed{false};
  std::jthread leader([&] {
    try {
      (void)cache.find_or_encode(
          std::vector{key_of(1)}, kScope,
          [&](std::size_t) -> Result<TokenIds> {
            leading = true;
            while (!followed) std::this_thread::sleep_for(1ms);
            std::this_thread::sleep_for(20ms);
            throw std::runtime_error("gives up");
          },
          soon());
    } catch (const std::runtime_error&) {
    }
  });
  while (!leading) std::this_thread::sleep_for(1ms);
  followed = true;
  auto found = ask(cache, {1});
  ASSERT_TRUE(found) << found.error().message;
}

TEST_F(TokenCacheTest, WaitingForAnothersEncodingEndsAtTheDeadline) {
  TokenCache cache(*memory_, nullptr, clock_);
  std::atomic<bool> leading{false};
  std::atomic<bool> done{false};
  std::jthread leader([&] {
    (void)cache.find_or_encode(
        std::vector{key_of(1)}, kScope,
        [&](std::size_t) -> Result<TokenIds> {
          leading = true;
          while (!done) std::this_thread::sleep_for(1ms);
          return ids_of(1);
        },
        soon());
  });
  while (!leading) std::this_thread::sleep_for(1ms);
  auto found = ask(cache, {1}, Deadline::after(20ms));
  done = true;
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::timed_out);
}

TEST_F(TokenCacheTest, AfterCloseItStillAnswersAndLeavesTheStoreAlone) {
  TokenCache cache(*memory_, &store_, clock_);
  ASSERT_TRUE(ask(cache, {1}));
  cache.close();
  EXPECT_EQ(store_.values.with([](const auto& all) { return all.size(); }), 1U);  // Drained.
  const int calls = store_.calls_find;
  EXPECT_EQ(sources(ask(cache, {1, 2})), (Sources{Source::memory, Source::encoded}));
  EXPECT_EQ(store_.calls_find, calls);
  EXPECT_EQ(cache.erase_many(std::vector{key_of(1)}, soon()).value(), 1U);
  EXPECT_TRUE(cache.flush(soon()));
  expect_sums(cache.stats());
  cache.close();
}

TEST_F(TokenCacheTest, ResetLeavesSizesAlone) {
  memory_ = MemoryTier::make({.capacity_bytes = 64 * KiB}, clock_).value();
  TokenCache cache(*memory_, &store_, clock_);
  std::vector<std::uint64_t> many(500);
  for (std::uint64_t i = 0; i < many.size(); ++i) many[i] = i;
  ASSERT_TRUE(ask(cache, many));
  ASSERT_TRUE(cache.flush(soon()));
  const CacheStats before = cache.stats();
  EXPECT_GT(before.evictions, 0U);
  cache.reset_stats();
  const CacheStats after = cache.stats();
  EXPECT_EQ(after.lookups, 0U);
  EXPECT_EQ(after.evictions, 0U);
  EXPECT_EQ(after.hit_rate, 0);
  EXPECT_EQ(after.miss_latency.count, 0U);
  EXPECT_EQ(after.total_tokens_cached, before.total_tokens_cached);
  EXPECT_EQ(after.cache_size_mb, before.cache_size_mb);
  EXPECT_EQ(after.store_entries, before.store_entries);
  EXPECT_EQ(after.peak_memory_mb, before.peak_memory_mb);
}

TEST_F(TokenCacheTest, ManyThreadsManyMoodsRightAnswersAndSumsInEverySnapshot) {
  memory_ = MemoryTier::make({.capacity_bytes = 128 * KiB}, clock_).value();
  TokenCache cache(
      *memory_, &store_, clock_,
      {.store_timeout = 2ms, .write_back = {.queue_bytes = 64 * KiB, .write_timeout = 2ms}});
  std::atomic<std::uint64_t> asked{0};
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(t);
        for (int i = 0; i < 300; ++i) {
          std::vector<std::uint64_t> numbers(1 + random() % 12);
          for (auto& number : numbers) number = random() % 300;
          asked += numbers.size();
          ASSERT_TRUE(ask(cache, numbers));
          if (i % 37 == 0)
            (void)cache.erase_many(std::vector{key_of(random() % 300)}, Deadline::after(5ms));
        }
      });
    }
    threads.emplace_back([&](const std::stop_token& stop) {
      std::mt19937_64 random(9);
      while (!stop.stop_requested()) {
        store_.mood = static_cast<Mood>(random() % 4);
        store_.values.with([&](auto& all) {
          if (!all.empty()) all.begin()->second.assign(5, std::byte{1});
        });
        expect_sums(cache.stats());
        std::this_thread::sleep_for(1ms);
      }
      store_.mood = Mood::well;
    });
  }
  const CacheStats stats = cache.stats();
  expect_sums(stats);
  EXPECT_EQ(stats.lookups, asked);
  EXPECT_EQ(stats.misses - stats.coalesced, static_cast<std::uint64_t>(encoded_.load()));
}

TEST_F(TokenCacheTest, OverLmdbAcrossRestartsAndAThousandTimesWithoutALeak) {
  TemporaryFolder folder;
  auto files = [](const char* path) {
    return std::distance(std::filesystem::directory_iterator(path),
                         std::filesystem::directory_iterator());
  };
  std::ptrdiff_t fds = 0;
  std::ptrdiff_t tasks = 0;
  for (std::uint64_t round = 0; round < 1000; ++round) {
    auto memory = MemoryTier::make({.capacity_bytes = 1 * MiB}, clock_).value();
    auto lmdb =
        LmdbStore::open({.folder = folder.path() / "store", .capacity_bytes = 16 * MiB}, clock_);
    ASSERT_TRUE(lmdb) << lmdb.error().message;
    TokenCache cache(*memory, lmdb->get(), clock_);
    if (round % 50 == 0) {
      // The last one's passages are in the store; one more is new.
      Sources expected(round / 50, Source::store);
      expected.push_back(Source::encoded);
      std::vector<std::uint64_t> numbers(round / 50 + 1);
      for (std::uint64_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
      ASSERT_EQ(sources(ask(cache, numbers)), expected) << round;
    }
    if (round % 3 == 0) cache.close();
    if (round == 10) {
      fds = files("/proc/self/fd");
      tasks = files("/proc/self/task");
      cache.close();
    }
    if (round == 999) {
      EXPECT_EQ(files("/proc/self/fd"), fds);
      EXPECT_LE(files("/proc/self/task"), tasks);
    }
  }
}

}  // namespace
}  // namespace leyden::cache
