#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/cache/testing/fake_store.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/token_cache.h"

namespace leyden::cache::testing {

// A memory tier and a store that can be told to misbehave, for a cache that each test makes. Passages are asked for by number.
class TokenCacheFixture : public ::testing::Test {
 protected:
  using Sources = std::vector<Source>;

  static constexpr std::uint32_t kVocabulary = 50'000;
  inline static const PassageScope kScope{
      .codec = {.tokenizer_fingerprint = Hasher().field("tokenizer").finish(),
                .vocabulary_size = kVocabulary},
      .tenant = {std::byte{1}},
      .tokenizer = {std::byte{2}},
      .ttl = std::chrono::hours(1)};

  static TokenIds ids_of(std::uint64_t number) { return testing::ids_of(number, kVocabulary); }

  // Checks every answer.
  Result<std::vector<Found>> ask(TokenCache& cache, const std::vector<std::uint64_t>& numbers,
                                 Deadline deadline = soon(), const LookupOptions& options = {}) {
    std::vector<BlockKey> keys;
    for (std::uint64_t number : numbers) keys.push_back(key_of(number));
    auto found = cache.find_or_encode(
        keys, kScope,
        [&](std::size_t index) -> Result<TokenIds> {
          ++encoded_;
          return ids_of(numbers[index]);
        },
        deadline, options);
    if (found) {
      EXPECT_EQ(found->size(), numbers.size());
      for (std::size_t i = 0; i < numbers.size(); ++i)
        EXPECT_EQ(*(*found)[i].block, ids_of(numbers[i]));
    }
    return found;
  }
  static Sources sources(const Result<std::vector<Found>>& found) {
    Sources out;
    if (!found) {
      ADD_FAILURE() << found.error().message;
      return out;
    }
    for (const Found& each : *found) out.push_back(each.source);
    return out;
  }
  static void expect_sums(const CacheStats& stats) {
    EXPECT_EQ(stats.lookups, stats.hits + stats.misses);
    EXPECT_EQ(stats.hits, stats.hits_memory + stats.hits_store);
    EXPECT_LE(stats.coalesced, stats.misses);
    EXPECT_EQ(stats.hit_latency.count, stats.hits);
    EXPECT_EQ(stats.miss_latency.count, stats.misses);
  }

  SystemClock clock_;
  std::unique_ptr<MemoryTier> memory_ =
      MemoryTier::make({.capacity_bytes = 4 * MiB}, clock_).value();
  FakeStore store_;
  std::atomic<int> encoded_{0};  // Passages, by ask().
};

}  // namespace leyden::cache::testing
