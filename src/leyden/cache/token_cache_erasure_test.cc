// What is erased, here or by another process that shares the store, is gone from every tier and does not come back.
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/cache/testing/fake_store.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/testing/token_cache_fixture.h"
#include "leyden/cache/token_cache.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::key_of;
using testing::Mood;
using testing::soon;

using TokenCacheErasure = testing::TokenCacheFixture;

TEST_F(TokenCacheErasure, EraseCountsEachKeyOnceWhereverItWas) {
  TokenCache cache(*memory_, &store_, clock_);
  ASSERT_TRUE(ask(cache, {1, 2, 3}));
  ASSERT_TRUE(cache.flush(soon()));
  memory_->erase(key_of(2));                                    // Only in the store.
  store_.values.with([](auto& all) { all.erase(key_of(3)); });  // Only in memory.
  auto erased =
      cache.erase_many(std::vector{key_of(1), key_of(2), key_of(3), key_of(4), key_of(1)}, soon());
  EXPECT_EQ(erased.value(), 3U);
  EXPECT_EQ(cache.erase_many(std::vector{key_of(1), key_of(2), key_of(3)}, soon()).value(), 0U);
  EXPECT_EQ(sources(ask(cache, {1, 2, 3})), (Sources(3, Source::encoded)));
}

TEST_F(TokenCacheErasure, AGroupIsErasedFromEveryTier) {
  TokenCache cache(*memory_, &store_, clock_);
  ASSERT_TRUE(ask(cache, {1, 2, 3}));
  ASSERT_TRUE(cache.flush(soon()));
  auto none = cache.erase_group(GroupKind::tenant, kScope.tokenizer, soon());
  ASSERT_TRUE(none);
  EXPECT_EQ(none->in_memory + none->in_store, 0U);
  auto erased = cache.erase_group(GroupKind::tenant, kScope.tenant, soon());
  ASSERT_TRUE(erased);
  EXPECT_EQ(erased->in_memory, 3U);
  EXPECT_EQ(erased->in_store, 3U);
  EXPECT_EQ(sources(ask(cache, {1, 2, 3})), (Sources(3, Source::encoded)));
}

TEST_F(TokenCacheErasure, WhatWaitsForTheStoreDoesNotComeBackAfterAnErasure) {
  store_.mood = Mood::hanging;
  TokenCache cache(
      *memory_, &store_, clock_,
      {.store_timeout = 1ms, .write_back = {.write_timeout = 100ms, .close_timeout = 100ms}});
  ASSERT_TRUE(ask(cache, {1}));
  while (store_.calls_put == 0) std::this_thread::sleep_for(1ms);
  ASSERT_TRUE(ask(cache, {2}));  // Waits behind 1.
  store_.mood = Mood::well;
  EXPECT_EQ(cache.erase_many(std::vector{key_of(1), key_of(2)}, soon()).value(), 2U);
  (void)cache.flush(soon());
  EXPECT_TRUE(store_.values.with([](const auto& all) { return all.empty(); }));
}

TEST_F(TokenCacheErasure, ForgetsWhatOthersErase) {
  TokenCache cache(*memory_, &store_, clock_);
  ASSERT_TRUE(ask(cache, {1, 2, 3}));
  ASSERT_TRUE(cache.flush(soon()));
  StoreListener* listener = store_.listener;
  ASSERT_NE(listener, nullptr);
  listener->erased(std::vector{key_of(2)});
  EXPECT_EQ(sources(ask(cache, {1, 2})), (Sources{Source::memory, Source::store}));
  listener->erased_group(GroupKind::tokenizer, kScope.tokenizer);
  EXPECT_EQ(sources(ask(cache, {1})), Sources{Source::store});
  listener->lost();
  EXPECT_EQ(sources(ask(cache, {1})), Sources{Source::store});
  cache.close();
  EXPECT_EQ(store_.listener, nullptr);
}

// Read before the erasure, put after it: a copy that nobody would ever erase again.
TEST_F(TokenCacheErasure, WhatWasReadBeforeItsErasureDoesNotStayInMemory) {
  TokenCache cache(*memory_, &store_, clock_);
  ASSERT_TRUE(ask(cache, {1, 2, 3}));
  ASSERT_TRUE(cache.flush(soon()));
  memory_->clear();
  store_.after_find = [&] { store_.listener.load()->erased(std::vector{key_of(1)}); };
  EXPECT_EQ(sources(ask(cache, {1, 2})), (Sources(2, Source::store)));
  EXPECT_FALSE(memory_->find(key_of(1)));
  EXPECT_TRUE(memory_->find(key_of(2)));
  store_.after_find = [&] {
    store_.listener.load()->erased_group(GroupKind::tenant, kScope.tenant);
  };
  EXPECT_EQ(sources(ask(cache, {3})), Sources{Source::store});
  EXPECT_FALSE(memory_->find(key_of(3)));
  store_.after_find = nullptr;
}

// Nor does what was being encoded when it was erased, here or elsewhere; and it does not reach the store either.
TEST_F(TokenCacheErasure, WhatIsEncodedWhileItIsErasedIsAnsweredAndNotKept) {
  TokenCache cache(*memory_, &store_, clock_);
  const std::function<void()> erasures[] = {
      [&] { (void)cache.erase_many(std::vector{key_of(1)}, soon()); },
      [&] { (void)cache.erase_group(GroupKind::tokenizer, kScope.tokenizer, soon()); },
      [&] { store_.listener.load()->erased(std::vector{key_of(1)}); },
  };
  for (const auto& erase : erasures) {
    auto found = cache.find_or_encode(
        std::vector{key_of(1)}, kScope,
        [&](std::size_t) -> Result<TokenIds> {
          erase();
          return ids_of(1);
        },
        soon());
    ASSERT_TRUE(found);
    EXPECT_EQ(*found->front().block, ids_of(1));
    ASSERT_TRUE(cache.flush(soon()));
    EXPECT_FALSE(memory_->find(key_of(1)));
    EXPECT_TRUE(store_.values.with([](const auto& all) { return all.empty(); }));
  }
}

// What may have been erased unheard is not kept as a copy; by its name it is right, so the store has it.
TEST_F(TokenCacheErasure, WhatIsEncodedWhileTheLinkIsLostReachesTheStore) {
  TokenCache cache(*memory_, &store_, clock_);
  auto found = cache.find_or_encode(
      std::vector{key_of(1)}, kScope,
      [&](std::size_t) -> Result<TokenIds> {
        store_.listener.load()->lost();
        return ids_of(1);
      },
      soon());
  ASSERT_TRUE(found);
  ASSERT_TRUE(cache.flush(soon()));
  EXPECT_FALSE(memory_->find(key_of(1)));
  EXPECT_TRUE(store_.values.with([](const auto& all) { return all.contains(key_of(1)); }));
}

// What waits for the store is not written after another process erased it.
TEST_F(TokenCacheErasure, WhatWaitsForTheStoreIsDroppedWhenOthersEraseIt) {
  store_.mood = Mood::hanging;
  TokenCache cache(
      *memory_, &store_, clock_,
      {.store_timeout = 1ms, .write_back = {.write_timeout = 100ms, .close_timeout = 100ms}});
  ASSERT_TRUE(ask(cache, {1}));
  while (store_.calls_put == 0) std::this_thread::sleep_for(1ms);
  ASSERT_TRUE(ask(cache, {2, 3}));  // Wait behind 1.
  store_.listener.load()->erased(std::vector{key_of(2)});
  store_.mood = Mood::well;
  (void)cache.flush(soon());
  store_.values.with([](const auto& all) {
    EXPECT_FALSE(all.contains(key_of(2)));
    EXPECT_TRUE(all.contains(key_of(3)));
  });
}

// A warm-up's later attempt: that it was erased once, long ago, is no reason to keep it out.
TEST_F(TokenCacheErasure, WhatTheStoreLostIsWrittenAgainThoughItWasErasedOnce) {
  TokenCache cache(*memory_, &store_, clock_);
  const std::function<void()> erasures[] = {
      [&] { (void)cache.erase_many(std::vector{key_of(1)}, soon()); },
      [&] { (void)cache.erase_group(GroupKind::tenant, kScope.tenant, soon()); },
      [&] { store_.listener.load()->erased(std::vector{key_of(1)}); },
  };
  for (const auto& erase : erasures) {
    ASSERT_TRUE(ask(cache, {1}));
    erase();
    ASSERT_TRUE(ask(cache, {1}));
    ASSERT_TRUE(cache.flush(soon()));
    store_.values.with([](auto& all) { all.clear(); });
    EXPECT_EQ(sources(ask(cache, {1}, soon(), {.write_again = true})), Sources{Source::memory});
    ASSERT_TRUE(cache.flush(soon()));
    EXPECT_TRUE(store_.values.with([](const auto& all) { return all.contains(key_of(1)); }));
  }
}

// Runs something at the second look at it: behind the look-up in memory.
class ClockBehindMemory final : public Clock {
 public:
  [[nodiscard]] std::chrono::steady_clock::time_point now() const override {
    if (is_armed && ++looks == 2) behind_memory();
    return clock_.now();
  }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override {
    return clock_.wall();
  }
  std::atomic<bool> is_armed{false};
  mutable std::atomic<int> looks{0};
  std::function<void()> behind_memory;

 private:
  SystemClock clock_;
};

// What is erased between its look-up and its writing must not come back, whether or not anything else has to be encoded.
TEST_F(TokenCacheErasure, WhatIsErasedWhileItIsWrittenAgainStaysOut) {
  for (const std::vector<std::uint64_t>& numbers :
       {std::vector<std::uint64_t>{1, 2}, std::vector<std::uint64_t>{1, 2, 3}}) {
    ClockBehindMemory clock;
    TokenCache cache(*memory_, &store_, clock);
    const std::function<void()> erasures[] = {
        [&] { (void)cache.erase_many(std::vector{key_of(1)}, soon()); },
        [&] { store_.listener.load()->erased(std::vector{key_of(1)}); },
        [&] { store_.listener.load()->erased_group(GroupKind::tenant, kScope.tenant); },
    };
    for (const auto& erase : erasures) {
      ASSERT_TRUE(ask(cache, {1, 2}));
      ASSERT_TRUE(cache.flush(soon()));
      memory_->erase(key_of(3));
      store_.values.with([](auto& all) { all.clear(); });
      clock.behind_memory = erase;
      clock.looks = 0;
      clock.is_armed = true;
      auto found = ask(cache, numbers, soon(), {.write_again = true});
      clock.is_armed = false;
      EXPECT_EQ(sources(found).front(), Source::memory);
      EXPECT_GE(clock.looks, 2);
      ASSERT_TRUE(cache.flush(soon()));
      EXPECT_FALSE(store_.values.with([](const auto& all) { return all.contains(key_of(1)); }));
    }
  }
}

}  // namespace
}  // namespace leyden::cache
