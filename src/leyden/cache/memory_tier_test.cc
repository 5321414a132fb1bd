#include "leyden/cache/memory_tier.h"

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LEYDEN_TEST_OWN_ALLOCATOR 1
#endif
#endif

BlockKey key_of(std::uint64_t number) { return Hasher().field(number).finish(); }

TokenBlock block_of(std::uint64_t number, std::size_t size) {
  TokenIds ids(size, static_cast<TokenId>(number));
  return make_block(std::move(ids));
}

std::unique_ptr<MemoryTier> make_tier(const MemoryTierOptions& options, const Clock& clock) {
  auto tier = MemoryTier::make(options, clock);
  if (!tier) ADD_FAILURE() << tier.error().message;
  return std::move(*tier);
}

TEST(MemoryTier, ChecksItsOptions) {
  ManualClock clock;
  EXPECT_EQ(MemoryTier::make({.shard_count = 0}, clock).error().code, Errc::invalid_argument);
  EXPECT_EQ(MemoryTier::make({.shard_count = 12}, clock).error().code, Errc::invalid_argument);
  EXPECT_EQ(MemoryTier::make({.ttl = -1s}, clock).error().code, Errc::invalid_argument);
  EXPECT_EQ(MemoryTier::make({.ttl = std::chrono::seconds::max()}, clock).error().code,
            Errc::invalid_argument);
  EXPECT_TRUE(MemoryTier::make({}, clock));
}

TEST(MemoryTier, GivesBackTheSameBlock) {
  ManualClock clock;
  auto tier = make_tier({}, clock);
  EXPECT_FALSE(tier->find(key_of(1)));
  TokenBlock block = block_of(1, 10);
  tier->put(key_of(1), block);
  EXPECT_EQ(tier->find(key_of(1)), block);  // Shared, not copied.
  EXPECT_EQ(tier->usage().entries, 1U);
  EXPECT_EQ(tier->usage().tokens, 10U);
  EXPECT_TRUE(tier->erase(key_of(1)));
  EXPECT_FALSE(tier->erase(key_of(1)));
  EXPECT_FALSE(tier->find(key_of(1)));
  EXPECT_EQ(tier->usage().tokens, 0U);
  EXPECT_EQ(block.use_count(), 1);
}

TEST(MemoryTier, WithoutBudgetItKeepsNothing) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 0}, clock);
  tier->put(key_of(1), block_of(1, 0));
  EXPECT_FALSE(tier->find(key_of(1)));
  EXPECT_EQ(tier->usage().bytes, 0U);
}

TEST(MemoryTier, ABlockOverAShardsBudgetIsNotKept) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 1 * MiB, .shard_count = 4}, clock);
  tier->put(key_of(1), block_of(1, 10));
  tier->put(key_of(1),
            block_of(1, 100'000));  // 400 KB: over a quarter of a MiB. The old one goes, too.
  EXPECT_FALSE(tier->find(key_of(1)));
  EXPECT_EQ(tier->usage().entries, 0U);
}

TEST(MemoryTier, ClearLeavesNothing) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 256 * KiB}, clock);
  for (std::uint64_t i = 0; i < 5000; ++i) tier->put(key_of(i), block_of(i, 50));
  EXPECT_GT(tier->usage().evictions, 0U);
  tier->clear();
  EXPECT_EQ(tier->usage().bytes, 0U);
  EXPECT_EQ(tier->usage().entries, 0U);
  EXPECT_EQ(tier->usage().tokens, 0U);
  EXPECT_GT(tier->usage().bytes_peak, 200 * KiB);
}

TEST(MemoryTier, EntriesExpireWithinTenPercentOfTheTtlAndNotTogether) {
  ManualClock clock;
  auto tier = make_tier({.ttl = 1000s}, clock);
  constexpr std::uint64_t kCount = 500;
  for (std::uint64_t i = 0; i < kCount; ++i) tier->put(key_of(i), block_of(i, 5));
  auto alive = [&] {
    std::uint64_t count = 0;
    for (std::uint64_t i = 0; i < kCount; ++i) count += tier->find(key_of(i)) ? 1 : 0;
    return count;
  };
  clock.advance(899s);
  EXPECT_EQ(alive(), kCount);
  clock.advance(101s);
  EXPECT_GT(alive(), kCount / 3);
  EXPECT_LT(alive(), kCount * 2 / 3);
  clock.advance(101s);
  EXPECT_EQ(alive(), 0U);
  EXPECT_EQ(tier->usage().entries, 0U);
  EXPECT_EQ(tier->usage().expired, kCount);
  EXPECT_EQ(tier->usage().evictions, 0U);
}

TEST(MemoryTier, PuttingAgainRenewsTheTime) {
  ManualClock clock;
  auto tier = make_tier({.ttl = 1000s}, clock);
  tier->put(key_of(1), block_of(1, 5));
  clock.advance(800s);
  tier->put(key_of(1), block_of(1, 5));
  clock.advance(800s);
  EXPECT_TRUE(tier->find(key_of(1)));
}

TEST(MemoryTier, ZeroTtlIsForever) {
  ManualClock clock;
  auto tier = make_tier({.ttl = 0s}, clock);
  tier->put(key_of(1), block_of(1, 5));
  clock.advance(std::chrono::hours(24 * 365 * 50));
  EXPECT_TRUE(tier->find(key_of(1)));
}

// S3-FIFO's point: what is read again survives a scan of things that are read once.
TEST(MemoryTier, AScanDoesNotWashOutWhatIsUsed) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 256 * KiB, .shard_count = 1}, clock);
  for (std::uint64_t i = 0; i < 100; ++i) tier->put(key_of(i), block_of(i, 100));
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(tier->find(key_of(i)));
  for (std::uint64_t i = 1000; i < 6000; ++i) tier->put(key_of(i), block_of(i, 100));
  std::uint64_t alive = 0;
  for (std::uint64_t i = 0; i < 100; ++i) alive += tier->find(key_of(i)) ? 1 : 0;
  EXPECT_GE(alive, 95U);  // The names of what was evicted take a little room, too.
}

// What comes back soon after its eviction goes to the main queue: its name was remembered.
TEST(MemoryTier, AGhostThatReturnsStays) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 128 * KiB, .shard_count = 1}, clock);
  std::uint64_t next = 1000;
  tier->put(key_of(1), block_of(1, 100));
  while (tier->find(key_of(1)) && next < 1001) ++next;  // Read once: promoted, not evicted.
  tier->put(key_of(2), block_of(2, 100));               // Never read.
  for (int i = 0; i < 250; ++i, ++next) tier->put(key_of(next), block_of(next, 100));
  ASSERT_FALSE(tier->find(key_of(2)));
  tier->put(key_of(2), block_of(2, 100));
  for (int i = 0; i < 300; ++i, ++next) tier->put(key_of(next), block_of(next, 100));
  EXPECT_TRUE(tier->find(key_of(2)));
}

TEST(MemoryTier, AgreesWithAMapAndKeepsItsBudget) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    std::mt19937_64 random(seed);
    ManualClock clock;
    const std::size_t capacity = (16 * KiB) << (seed % 6);
    const bool forever = seed % 3 == 0;
    auto tier = make_tier(
        {.capacity_bytes = capacity, .ttl = forever ? 0s : 500s, .shard_count = 1U << (seed % 5)},
        clock);
    struct Known {
      TokenBlock block;
      std::chrono::steady_clock::time_point put;
    };
    std::map<std::uint64_t, Known> model;
    std::uint64_t found = 0;
    for (int step = 0; step < 20'000; ++step) {
      // Skewed, so that some names come often.
      const std::uint64_t number = (random() % 400) * (random() % 400) / 400;
      switch (random() % 16) {
        case 0:
        case 1:
        case 2:
        case 3: {
          const std::size_t size = random() % 50 == 0 ? random() % 9000 : random() % 300;
          model[number] = {block_of(step, size), clock.now()};
          tier->put(key_of(number), model[number].block);
          break;
        }
        case 4:
          if (tier->erase(key_of(number))) {
            ASSERT_TRUE(model.contains(number));
          }
          model.erase(number);
          break;
        case 5:
          clock.advance(std::chrono::milliseconds(random() % 3000));
          break;
        default:
          if (auto block = tier->find(key_of(number))) {
            ++found;
            ASSERT_TRUE(model.contains(number));
            ASSERT_EQ(*block, model[number].block);
            if (!forever) {
              ASSERT_LT(clock.now() - model[number].put, 551s);
            }
          }
      }
      const MemoryTierUsage usage = tier->usage();
      ASSERT_LE(usage.bytes, capacity);
      ASSERT_LE(usage.bytes_peak, capacity);
      ASSERT_LE(usage.entries, model.size() + 400);
    }
    EXPECT_GT(found, 100U) << seed;
    std::uint64_t entries = 0;
    std::uint64_t tokens = 0;
    for (const auto& [number, known] : model) {
      if (auto block = tier->find(key_of(number))) {
        ++entries;
        tokens += (*block)->size();
      }
    }
    EXPECT_EQ(tier->usage().entries, entries);  // Looking removed what had expired.
    EXPECT_EQ(tier->usage().tokens, tokens);
  }
}

TEST(MemoryTier, WithRoomEnoughNothingIsLost) {
  std::mt19937_64 random(1);
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 64 * MiB}, clock);
  std::map<std::uint64_t, TokenBlock> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t number = random() % 2000;
    if (random() % 3 == 0) {
      EXPECT_EQ(tier->erase(key_of(number)), model.erase(number) == 1);
    } else {
      model[number] = block_of(number, random() % 100);
      tier->put(key_of(number), model[number]);
    }
  }
  for (std::uint64_t number = 0; number < 2000; ++number) {
    auto block = tier->find(key_of(number));
    ASSERT_EQ(block.has_value(), model.contains(number));
    if (block) {
      ASSERT_EQ(*block, model[number]);
    }
  }
  EXPECT_EQ(tier->usage().evictions, 0U);
}

#if !defined(LEYDEN_TEST_OWN_ALLOCATOR)
TEST(MemoryTier, CountsWhatMallocGives) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 8 * MiB}, clock);
  std::mt19937_64 random(1);
  ::malloc_trim(0);
  const std::size_t before = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
  for (std::uint64_t i = 0; i < 30'000; ++i) tier->put(key_of(i), block_of(i, random() % 500));
  const std::size_t taken = ::mallinfo2().uordblks + ::mallinfo2().hblkhd - before;
  const auto counted = static_cast<double>(tier->usage().bytes);
  EXPECT_GT(counted, 7.0 * MiB);
  EXPECT_NEAR(static_cast<double>(taken), counted, counted * 0.02);
}
#endif

TEST(MemoryTier, ManyThreads) {
  ManualClock clock;
  constexpr std::size_t kCapacity = 512 * KiB;
  auto tier = make_tier({.capacity_bytes = kCapacity, .ttl = 10s, .shard_count = 8}, clock);
  std::atomic<int> wrong{0};
  std::atomic<bool> over{false};
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(t);
        for (int i = 0; i < 10'000; ++i) {
          const std::uint64_t number = random() % 1500;
          if (auto block = tier->find(key_of(number))) {
            if ((*block)->front() != number) ++wrong;
          } else {
            tier->put(key_of(number), block_of(number, 1 + random() % 200));
          }
          if (i % 100 == 0) tier->erase(key_of(random() % 1500));
          if (i % 500 == 0 && t == 0) clock.advance(100ms);
          if (i % 64 == 0 && tier->usage().bytes > kCapacity) over = true;
          if (i % 4000 == 1000 && t == 1) tier->clear();
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_FALSE(over);
}

}  // namespace
}  // namespace leyden::cache
