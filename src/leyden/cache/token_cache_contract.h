#pragma once

// What a TokenCache promises (token_cache.h) over whatever store, asked of every implementation and of memory alone. For tests only:
// each includes it and instantiates TokenCacheContract with its implementations.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/token_cache.h"

namespace leyden::cache::contract {

// The stores of two processes that share what is in them, and what must outlive them.
struct SharedFixture {
  virtual ~SharedFixture() = default;
  // Of process 0 or 1; null: memory only.
  virtual Store* store(std::size_t process) = 0;
};

struct SharedImplementation {
  std::string name;
  std::function<std::unique_ptr<SharedFixture>()> make;
};

// For the names of tests.
inline void PrintTo(const SharedImplementation& implementation, std::ostream* out) {
  *out << implementation.name;
}

class TokenCacheContract : public ::testing::TestWithParam<SharedImplementation> {
 protected:
  static constexpr std::uint32_t kVocabulary = 128'000;
  using Numbers = std::vector<std::uint64_t>;

  // A memory tier and a cache, as each process has its own.
  struct Process {
    std::unique_ptr<MemoryTier> memory;
    std::unique_ptr<TokenCache> cache;
    void end() {
      cache.reset();
      memory.reset();
    }
  };

  static PassageScope scope_of(std::uint64_t tenant, std::uint64_t tokenizer = 1) {
    return {.codec = {.tokenizer_fingerprint = testing::key_of(tokenizer),
                      .vocabulary_size = kVocabulary},
            .tenant = testing::tag_of(tenant),
            .tokenizer = testing::tag_of(tokenizer)};
  }
  // Encodes to nothing, and is soon forgotten; all others don't.
  static constexpr std::uint64_t kNothing = 800'000;
  static TokenIds ids_of(std::uint64_t number) {
    if (number == kNothing) return {};
    TokenIds out = testing::ids_of(number, kVocabulary);
    out.push_back(static_cast<TokenId>(number % kVocabulary));
    return out;
  }
  // As block_key() makes it: whose a passage is and who encoded it are part of its name.
  static BlockKey key_of(std::uint64_t number, const PassageScope& scope) {
    return Hasher()
        .field(BytesView(scope.tenant))
        .field(scope.codec.tokenizer_fingerprint)
        .field(number)
        .finish();
  }
  static std::vector<BlockKey> keys_of(const Numbers& numbers, const PassageScope& scope) {
    std::vector<BlockKey> out;
    for (const std::uint64_t number : numbers) out.push_back(key_of(number, scope));
    return out;
  }
  static Numbers from(std::uint64_t first, std::uint64_t count) {
    Numbers out(count);
    for (std::uint64_t i = 0; i < count; ++i) out[i] = first + i;
    return out;
  }

  [[nodiscard]] bool has_store() { return fixture_->store(0) != nullptr; }
  Store& store(std::size_t process = 0) { return *fixture_->store(process); }

  Process start(std::size_t process = 0) {
    Process out{.memory = MemoryTier::make({.capacity_bytes = 16 * MiB}, clock_).value(),
                .cache = nullptr};
    TokenCacheOptions options;
    options.store_reads = StoreReads::always;
    options.integrity = Integrity::keyed(Secret{std::byte{3}});
    // This machine may stand still: what is slow is not wrong here.
    options.store_timeout = options.write_back.write_timeout = std::chrono::seconds(30);
    out.cache =
        std::make_unique<TokenCache>(*out.memory, fixture_->store(process), clock_, options);
    // From here on it hears what others erase, and has forgotten what it may have had before.
    for (int i = 0; has_store() && i < 2000 && store(process).health().state != StoreState::on; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return out;
  }

  // Checks every answer.
  std::vector<Source> ask(TokenCache& cache, const Numbers& numbers,
                          const PassageScope& scope = scope_of(1)) {
    const auto found = cache.find_or_encode(
        keys_of(numbers, scope), scope,
        [&](std::size_t index) -> Result<TokenIds> {
          ++encoded_;
          return ids_of(numbers[index]);
        },
        testing::soon());
    std::vector<Source> out;
    if (!found) {
      ADD_FAILURE() << found.error().message;
      return out;
    }
    EXPECT_EQ(found->size(), numbers.size());
    for (std::size_t i = 0; i < found->size(); ++i) {
      EXPECT_EQ(*(*found)[i].block, ids_of(numbers[i])) << numbers[i];
      out.push_back((*found)[i].source);
    }
    return out;
  }
  static void flush(TokenCache& cache) {
    const auto flushed = cache.flush(testing::soon());
    EXPECT_TRUE(flushed) << flushed.error().message;
  }
  // Another process's first look at the store.
  std::vector<Source> ask_another(const Numbers& numbers, const PassageScope& scope = scope_of(1)) {
    return ask(*start(1).cache, numbers, scope);
  }

  static bool knows(Process& process, std::uint64_t number,
                    const PassageScope& scope = scope_of(1)) {
    return process.memory->find(key_of(number, scope)).has_value();
  }

  int encoded() { return encoded_.exchange(0); }  // Since it was asked last.

 private:
  std::unique_ptr<SharedFixture> fixture_ = GetParam().make();
  SystemClock clock_;
  std::atomic<int> encoded_{0};
};

using Sources = std::vector<Source>;

TEST_P(TokenCacheContract, AMissIsEncodedOnceAndThenFoundByAll) {
  auto one = start();
  EXPECT_EQ(ask(*one.cache, {1, 2, 3}), Sources(3, Source::encoded));
  EXPECT_EQ(ask(*one.cache, {3, 2, 1}), Sources(3, Source::memory));
  EXPECT_EQ(encoded(), 3);
  flush(*one.cache);
  const auto elsewhere = ask_another({1, 2, 3});
  EXPECT_EQ(elsewhere, Sources(3, has_store() ? Source::store : Source::encoded));
  EXPECT_EQ(encoded(), has_store() ? 0 : 3);
}

TEST_P(TokenCacheContract, AnswersInTheOrderOfTheKeysWhereverEachIs) {
  auto one = start();
  (void)ask(*one.cache, from(0, 40));
  flush(*one.cache);
  auto other = start(1);
  (void)ask(*other.cache, from(20, 40));
  (void)encoded();
  Numbers mixed;  // Some in memory, some in the store, some nowhere, each twice.
  for (std::uint64_t i = 0; i < 200; ++i) mixed.push_back(i * 37 % 100);
  (void)ask(*other.cache, mixed);
  EXPECT_EQ(encoded(), has_store() ? 40 : 60);
}

TEST_P(TokenCacheContract, TheSameKeyTwiceIsEncodedOnce) {
  auto one = start();
  EXPECT_EQ(ask(*one.cache, {7, 7, 8, 7}),
            (Sources{Source::encoded, Source::coalesced, Source::encoded, Source::coalesced}));
  EXPECT_EQ(encoded(), 2);
}

TEST_P(TokenCacheContract, APassageThatEncodesToNothing) {
  auto one = start();
  EXPECT_EQ(ask(*one.cache, {kNothing, 1}), Sources(2, Source::encoded));
  (void)ask(*one.cache, {1, kNothing});
  flush(*one.cache);
  (void)ask_another({kNothing, 1});
}

TEST_P(TokenCacheContract, ValuesThatAreNotRightAreRebuilt) {
  if (!has_store()) GTEST_SKIP() << "memory only";
  const PassageScope scope = scope_of(1);
  {
    auto one = start();
    (void)ask(*one.cache, from(100, 6));
    flush(*one.cache);
  }
  const auto keys = keys_of(from(100, 6), scope);
  auto values = store().find_many(keys, testing::soon());
  ASSERT_TRUE(values);
  for (const auto& value : *values) ASSERT_TRUE(value);
  const auto spoil = [&](std::size_t i, Bytes value) {
    const std::vector<StoreEntry> entry{
        {.key = keys[i], .value = std::move(value), .tenant = scope.tenant}};
    ASSERT_TRUE(store().put_many(entry, testing::soon()));
  };
  Bytes flipped = *(*values)[0];
  flipped.back() ^= std::byte{1};
  spoil(0, flipped);
  Bytes cut = *(*values)[1];
  cut.resize(cut.size() / 2);
  spoil(1, cut);
  spoil(2, {});
  spoil(3, *(*values)[4]);  // Right in itself, under a foreign name.
  spoil(5, testing::bytes_of(5, 300));
  (void)encoded();
  auto other = start(1);
  const Sources sources = ask(*other.cache, from(100, 6));
  EXPECT_EQ(sources, (Sources{Source::encoded, Source::encoded, Source::encoded, Source::encoded,
                              Source::store, Source::encoded}));
  EXPECT_EQ(other.cache->stats().corruptions, 5U);
  flush(*other.cache);
  other.end();
  EXPECT_EQ(ask_another(from(100, 6)), Sources(6, Source::store));
}

TEST_P(TokenCacheContract, ErasedKeysAreCountedAndForgottenByAll) {
  auto one = start();
  auto other = start(1);
  (void)ask(*one.cache, from(0, 10));
  flush(*one.cache);
  (void)ask(*other.cache, from(0, 10));
  flush(*other.cache);
  const auto keys = keys_of({2, 3, 3, 4, 5'000}, scope_of(1));
  EXPECT_EQ(one.cache->erase_many(keys, testing::soon()).value(), 3U);
  EXPECT_EQ(one.cache->erase_many(keys, testing::soon()).value(), 0U);
  if (has_store()) {
    EXPECT_TRUE(testing::within_a_second(
        [&] { return !knows(other, 2) && !knows(other, 3) && !knows(other, 4); }));
    EXPECT_TRUE(knows(other, 1));
  }
  (void)encoded();
  EXPECT_EQ(ask(*one.cache, {1, 2, 3, 4}),
            (Sources{Source::memory, Source::encoded, Source::encoded, Source::encoded}));
}

// However the store tells of it, and however long the encoding takes.
TEST_P(TokenCacheContract, AnErasureSparesWhatAnotherEncodesAfterIt) {
  auto one = start();
  auto other = start(1);
  const PassageScope scope = scope_of(1);
  ASSERT_TRUE(one.cache->erase_many(keys_of({1, 2}, scope), testing::soon()));
  ASSERT_TRUE(one.cache->erase_group(GroupKind::tenant, scope.tenant, testing::soon()));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // By now it is heard.
  const auto found = other.cache->find_or_encode(
      keys_of({1}, scope), scope,
      [](std::size_t) -> Result<TokenIds> {
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        return ids_of(1);
      },
      testing::soon());
  ASSERT_TRUE(found) << found.error().message;
  flush(*other.cache);
  EXPECT_EQ(ask(*other.cache, {1}), Sources{Source::memory});
  if (has_store()) {
    EXPECT_EQ(ask(*start().cache, {1}), Sources{Source::store});
  }
}

TEST_P(TokenCacheContract, AnErasedTenantLeavesOthersAlone) {
  auto one = start();
  auto other = start(1);
  for (const std::uint64_t tenant : {1, 2}) {
    (void)ask(*one.cache, from(0, 30), scope_of(tenant));
    flush(*one.cache);
    (void)ask(*other.cache, from(0, 30), scope_of(tenant));
    flush(*other.cache);
  }
  const auto erased =
      one.cache->erase_group(GroupKind::tenant, scope_of(1).tenant, testing::soon());
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_EQ(erased->in_memory, 30U);
  EXPECT_EQ(erased->in_store, has_store() ? 30U : 0U);
  if (has_store()) {
    EXPECT_TRUE(testing::within_a_second([&] { return !knows(other, 0) && !knows(other, 29); }));
    EXPECT_TRUE(knows(other, 0, scope_of(2)));
  }
  (void)encoded();
  EXPECT_EQ(ask(*one.cache, from(0, 30), scope_of(2)), Sources(30, Source::memory));
  EXPECT_EQ(ask(*one.cache, from(0, 30), scope_of(1)), Sources(30, Source::encoded));
}

TEST_P(TokenCacheContract, AnErasedTokenizerLeavesOthersAlone) {
  auto one = start();
  for (const std::uint64_t tokenizer : {1, 2}) {
    for (const std::uint64_t tenant : {1, 2})
      (void)ask(*one.cache, from(0, 20), scope_of(tenant, tokenizer));
  }
  flush(*one.cache);
  const auto erased =
      one.cache->erase_group(GroupKind::tokenizer, scope_of(1, 2).tokenizer, testing::soon());
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_EQ(erased->in_memory, 40U);
  EXPECT_EQ(erased->in_store, has_store() ? 40U : 0U);
  for (const std::uint64_t tenant : {1, 2}) {
    EXPECT_EQ(ask(*one.cache, from(0, 20), scope_of(tenant, 1)), Sources(20, Source::memory));
    EXPECT_EQ(ask(*one.cache, from(0, 20), scope_of(tenant, 2)), Sources(20, Source::encoded));
  }
}

TEST_P(TokenCacheContract, TimeIsOverInEveryTier) {
  PassageScope scope = scope_of(1);
  scope.ttl = std::chrono::seconds(1);
  auto one = start();
  (void)ask(*one.cache, from(0, 5), scope);
  (void)ask(*one.cache, {7});
  flush(*one.cache);
  const auto keys = keys_of(from(0, 5), scope);
  const auto are_gone = [&] {
    if (knows(one, 0) || knows(one, 4)) return false;
    if (!has_store()) return true;
    const auto found = store().find_many(keys, testing::soon());
    return found && std::ranges::none_of(*found, [](const auto& each) { return each.has_value(); });
  };
  for (int i = 0; i < 3000 && !are_gone(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(are_gone());
  EXPECT_EQ(ask(*one.cache, {7}), Sources{Source::memory}) << "its time is a day";
}

TEST_P(TokenCacheContract, TenantsDoNotSeeEachOther) {
  auto one = start();
  (void)ask(*one.cache, from(0, 10), scope_of(1));
  flush(*one.cache);
  EXPECT_EQ(ask(*one.cache, from(0, 10), scope_of(2)), Sources(10, Source::encoded));
  flush(*one.cache);
  // Nor by another's keys: the same text of another tenant has another name.
  EXPECT_EQ(one.cache->erase_many(keys_of(from(0, 10), scope_of(3)), testing::soon()).value(), 0U);
  EXPECT_EQ(
      one.cache->erase_group(GroupKind::tenant, scope_of(3).tenant, testing::soon())->in_memory,
      0U);
  for (const std::uint64_t tenant : {1, 2})
    EXPECT_EQ(ask(*one.cache, from(0, 10), scope_of(tenant)), Sources(10, Source::memory));
}

TEST_P(TokenCacheContract, AClosedOneStillAnswers) {
  auto one = start();
  (void)ask(*one.cache, {1, 2});
  one.cache->close();
  one.cache->close();
  EXPECT_EQ(ask(*one.cache, {1, 2, 3}), (Sources{Source::memory, Source::memory, Source::encoded}));
  EXPECT_EQ(ask(*one.cache, {3}), Sources{Source::memory});
  EXPECT_TRUE(one.cache->erase_many(keys_of({1}, scope_of(1)), testing::soon()));
  (void)one.cache->stats();
  one.end();
  // What was put before the first close() was drained.
  if (has_store()) EXPECT_EQ(ask_another({1, 2}), Sources(2, Source::store));
}

TEST_P(TokenCacheContract, AThousandKeysInOneRequest) {
  auto one = start();
  EXPECT_EQ(ask(*one.cache, from(0, 1000)), Sources(1000, Source::encoded));
  flush(*one.cache);
  (void)encoded();
  EXPECT_EQ(ask_another(from(0, 1000)),
            Sources(1000, has_store() ? Source::store : Source::encoded));
  EXPECT_EQ(encoded(), has_store() ? 0 : 1000);
  EXPECT_EQ(one.cache->erase_many(keys_of(from(0, 1000), scope_of(1)), testing::soon()).value(),
            1000U);
}

}  // namespace leyden::cache::contract
