#include "leyden/cache/memory_tier.h"

#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

#include "leyden/cache/memory/allocated.h"
#include "leyden/cache/testing/numbered.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::key_of;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LEYDEN_TEST_OWN_ALLOCATOR 1
#endif
#endif

TokenBlock block_of(std::uint64_t number, std::size_t size) {
  TokenIds ids(size, static_cast<TokenId>(number));
  return make_block(std::move(ids));
}

GroupTag tag_of(std::uint64_t number) {
  GroupTag tag{};
  const BlockKey digest = key_of(~number);
  std::copy_n(digest.bytes.begin(), tag.size(), tag.begin());
  return tag;
}

std::unique_ptr<MemoryTier> make_tier(const MemoryTierOptions& options, const Clock& clock) {
  auto tier = MemoryTier::make(options, clock);
  if (!tier) ADD_FAILURE() << tier.error().message;
  return std::move(*tier);
}

TokenBlock found(MemoryTier& tier, std::uint64_t number) {
  auto known = tier.find(key_of(number));
  return known && *known ? **known : nullptr;
}

std::uint64_t bytes_of(const MemoryTierUsage& usage, const GroupTag& tenant) {
  for (const TenantUsage& one : usage.tenants) {
    if (one.tenant == tenant) return one.bytes;
  }
  return 0;
}

TEST(MemoryTier, ChecksItsOptions) {
  ManualClock clock;
  auto refused = [&](const MemoryTierOptions& options) {
    auto made = MemoryTier::make(options, clock);
    return !made && made.error().code == Errc::invalid_argument;
  };
  EXPECT_TRUE(refused({.shard_count = 0}));
  EXPECT_TRUE(refused({.shard_count = 12}));
  EXPECT_TRUE(refused({.ttl = -1s}));
  EXPECT_TRUE(refused({.ttl = std::chrono::seconds::max()}));
  EXPECT_TRUE(refused({.negative_ttl = 0s}));
  EXPECT_TRUE(refused({.negative_ttl = 6s}));
  EXPECT_TRUE(refused({.typical_entry_bytes = 0}));
  EXPECT_TRUE(refused({.tenant = {.quota_bytes = 1, .guaranteed_bytes = 2}}));
  EXPECT_TRUE(refused({.capacity_bytes = 10, .tenant = {.guaranteed_bytes = 11}}));
  MemoryTierOptions options{.capacity_bytes = 10};
  options.tenants[tag_of(1)] = {.guaranteed_bytes = 6};
  EXPECT_FALSE(refused(options));
  options.tenants[tag_of(2)] = {.guaranteed_bytes = 6};
  EXPECT_TRUE(refused(options));
  EXPECT_FALSE(refused({}));
}

TEST(MemoryTier, GivesBackTheSameBlock) {
  ManualClock clock;
  auto tier = make_tier({}, clock);
  EXPECT_FALSE(tier->find(key_of(1)));
  TokenBlock block = block_of(1, 10);
  tier->put(key_of(1), block);
  EXPECT_EQ(found(*tier, 1), block);  // Shared, not copied.
  EXPECT_EQ(tier->usage().entries, 1U);
  EXPECT_EQ(tier->usage().tokens, 10U);
  EXPECT_TRUE(tier->erase(key_of(1)));
  EXPECT_FALSE(tier->erase(key_of(1)));
  EXPECT_FALSE(tier->find(key_of(1)));
  EXPECT_EQ(tier->usage().tokens, 0U);
  EXPECT_EQ(block.use_count(), 1);
}

TEST(MemoryTier, FindManyAnswersInOrder) {
  ManualClock clock;
  auto tier = make_tier({}, clock);
  tier->put(key_of(1), block_of(1, 10));
  tier->put_failure(key_of(3), Errc::unsupported);
  const auto answers = tier->find_many(std::vector{key_of(1), key_of(2), key_of(3), key_of(1)});
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(**answers[0], **answers[3]);
  EXPECT_FALSE(answers[1]);
  EXPECT_EQ(answers[2]->error(), Errc::unsupported);
}

TEST(MemoryTier, WithoutBudgetItKeepsNothing) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 0}, clock);
  tier->put(key_of(1), block_of(1, 0));
  tier->put_failure(key_of(2), Errc::unsupported);
  EXPECT_FALSE(tier->find(key_of(1)));
  EXPECT_FALSE(tier->find(key_of(2)));
  EXPECT_EQ(tier->usage().bytes, 0U);
  EXPECT_EQ(tier->usage().refused, 2U);
}

TEST(MemoryTier, EveryBudgetHolds) {
  ManualClock clock;
  for (std::size_t capacity = 0; capacity < 3000; capacity += 8) {
    auto tier = make_tier({.capacity_bytes = capacity}, clock);
    for (std::uint64_t i = 0; i < 40; ++i) {
      const std::uint64_t number = i % 7;
      tier->put(key_of(number), block_of(number, number * 40), {.tenant = tag_of(i % 5)});
      if (i % 3 == 0) tier->put_failure(key_of(number + 100), Errc::corrupt);
      ASSERT_LE(tier->usage().bytes, capacity) << i;
    }
  }
}

TEST(MemoryTier, ATierForOneEntryKeepsOneThatIsAskedForTwice) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 2 * KiB}, clock);
  tier->put(key_of(1), block_of(1, 300));
  EXPECT_TRUE(found(*tier, 1));
  tier->put(key_of(2), block_of(2, 300));  // Would push the other one out.
  EXPECT_FALSE(found(*tier, 2));
  EXPECT_TRUE(found(*tier, 1));
  tier->put(key_of(2), block_of(2, 300));
  EXPECT_TRUE(found(*tier, 2));
  EXPECT_FALSE(found(*tier, 1));
}

TEST(MemoryTier, ABlockOverAShardsBudgetIsNotKept) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 1 * MiB, .shard_count = 4}, clock);
  tier->put(key_of(1), block_of(1, 10));
  // 400 KB: over a quarter of a MiB. The old one goes, too.
  tier->put(key_of(1), block_of(1, 100'000));
  EXPECT_FALSE(tier->find(key_of(1)));
  EXPECT_EQ(tier->usage().entries, 0U);
}

TEST(MemoryTier, AHugeBlockDoesNotWashOutTheOthersAtFirst) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 1 * MiB, .shard_count = 1}, clock);
  for (std::uint64_t i = 0; i < 2000; ++i) tier->put(key_of(i), block_of(i, 200));
  const auto before = tier->usage();
  tier->put(key_of(9999), block_of(9999, 200'000));
  EXPECT_FALSE(found(*tier, 9999));
  EXPECT_GE(tier->usage().entries + 20, before.entries);
  tier->put(key_of(9999), block_of(9999, 200'000));
  EXPECT_TRUE(found(*tier, 9999));
  EXPECT_LE(tier->usage().bytes, 1 * MiB);
}

// A put evicts 1,024 entries at most, so that nobody waits for more.
TEST(MemoryTier, EvictionIsBounded) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 4 * MiB, .shard_count = 1}, clock);
  for (std::uint64_t i = 0; i < 25'000; ++i) tier->put(key_of(i), block_of(i, 1));
  std::uint64_t puts = 0;
  std::uint64_t evictions = tier->usage().evictions;
  while (!found(*tier, 99'999) && puts < 100) {
    tier->put(key_of(99'999), block_of(99'999, 800'000));
    ++puts;
    const std::uint64_t now = tier->usage().evictions;
    ASSERT_LE(now - evictions, 1024U);
    evictions = now;
  }
  EXPECT_LT(puts, 30U);
  EXPECT_GT(puts, 10U);
}

TEST(MemoryTier, ClearLeavesNothing) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 256 * KiB, .tenant = {.quota_bytes = 200 * KiB}}, clock);
  for (std::uint64_t i = 0; i < 5000; ++i) {
    tier->put(key_of(i), block_of(i, 50), {.tenant = tag_of(i % 9)});
  }
  EXPECT_GT(tier->usage().evictions, 0U);
  tier->clear();
  const MemoryTierUsage usage = tier->usage();
  EXPECT_EQ(usage.bytes, 0U);
  EXPECT_EQ(usage.entries, 0U);
  EXPECT_EQ(usage.tokens, 0U);
  EXPECT_TRUE(usage.tenants.empty());
  EXPECT_GT(usage.bytes_peak, 200 * KiB);
}

TEST(MemoryTier, EntriesExpireWithinTenPercentOfTheTtlAndNotTogether) {
  ManualClock clock;
  auto tier = make_tier({.ttl = 1000s}, clock);
  constexpr std::uint64_t kCount = 500;
  for (std::uint64_t i = 0; i < kCount; ++i) tier->put(key_of(i), block_of(i, 5));
  auto alive = [&] {
    std::uint64_t count = 0;
    for (std::uint64_t i = 0; i < kCount; ++i) count += found(*tier, i) ? 1 : 0;
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

TEST(MemoryTier, ZeroTtlIsForeverAndAPutMaySayOtherwise) {
  ManualClock clock;
  auto tier = make_tier({.ttl = 0s}, clock);
  tier->put(key_of(1), block_of(1, 5));
  tier->put(key_of(2), block_of(2, 5), {.ttl = 100s});
  clock.advance(89s);
  EXPECT_TRUE(found(*tier, 2));
  clock.advance(22s);
  EXPECT_FALSE(found(*tier, 2));
  clock.advance(std::chrono::hours(24 * 365 * 50));
  EXPECT_TRUE(found(*tier, 1));
}

TEST(MemoryTier, NegativeEntriesAreShortLivedAndFew) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 1 * MiB, .negative_ttl = 2s, .shard_count = 1}, clock);
  for (std::uint64_t i = 0; i < 3000; ++i) tier->put(key_of(i), block_of(i, 100));
  const std::uint64_t evictions = tier->usage().evictions;
  tier->put(key_of(10'000), block_of(0, 0), {.tenant = tag_of(1), .negative = true});
  tier->put_failure(key_of(10'001), Errc::unsupported, {.tenant = tag_of(1)});
  EXPECT_TRUE(found(*tier, 10'000)->empty());
  EXPECT_EQ(tier->find(key_of(10'001))->error(), Errc::unsupported);
  EXPECT_EQ(tier->usage().negative_entries, 2U);
  EXPECT_EQ(bytes_of(tier->usage(), tag_of(1)), 0U);
  clock.advance(2300ms);
  EXPECT_FALSE(tier->find(key_of(10'000)));
  EXPECT_FALSE(tier->find(key_of(10'001)));
  EXPECT_EQ(tier->usage().negative_entries, 0U);

  for (std::uint64_t i = 0; i < 5000; ++i) {
    tier->put_failure(key_of(20'000 + i), Errc::corrupt);
    ASSERT_LE(tier->usage().negative_bytes, 1 * MiB / 100);
  }
  EXPECT_GT(tier->usage().negative_entries, 50U);
  EXPECT_TRUE(tier->find(key_of(24'999)));  // The newest ones.
  EXPECT_FALSE(tier->find(key_of(20'000)));
  EXPECT_LT(tier->usage().evictions - evictions, 5100U);  // Of others no more than 1 % of bytes.
  // What is known of a key is one thing.
  tier->put(key_of(24'999), block_of(1, 7));
  EXPECT_EQ(found(*tier, 24'999)->size(), 7U);
}

TEST(MemoryTier, WhatMayGoWellNextTimeIsNotRemembered) {
  ManualClock clock;
  auto tier = make_tier({}, clock);
  for (Errc code :
       {Errc::timed_out, Errc::unavailable, Errc::overloaded, Errc::cancelled, Errc::internal}) {
    tier->put_failure(key_of(1), code);
    EXPECT_FALSE(tier->find(key_of(1)));
  }
}

TEST(MemoryTier, EraseGroupTakesTheGroupAndNothingElse) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 16 * MiB, .ttl = 1000s}, clock);
  // Tenants and tokenizers in all combinations, and negative ones.
  for (std::uint64_t i = 0; i < 6000; ++i) {
    const PutOptions options{.tenant = tag_of(i % 3), .tokenizer = tag_of(10 + i % 4)};
    if (i % 100 == 7) {
      tier->put_failure(key_of(i), Errc::unsupported, options);
    } else {
      tier->put(key_of(i), block_of(i, i % 50), options);
    }
  }
  ASSERT_EQ(tier->usage().entries, 6000U);
  EXPECT_EQ(tier->erase_group(GroupKind::tenant, tag_of(99)), 0U);
  EXPECT_EQ(tier->erase_group(GroupKind::tenant, tag_of(10)), 0U);  // That is a tokenizer.
  EXPECT_EQ(tier->erase_group(GroupKind::tenant, tag_of(1)), 2000U);
  EXPECT_EQ(tier->erase_group(GroupKind::tenant, tag_of(1)), 0U);
  EXPECT_EQ(tier->erase_group(GroupKind::tokenizer, tag_of(12)), 1000U);
  for (std::uint64_t i = 0; i < 6000; ++i) {
    ASSERT_EQ(tier->find(key_of(i)).has_value(), i % 3 != 1 && i % 4 != 2) << i;
  }
  clock.advance(5000s);
  EXPECT_EQ(tier->erase_group(GroupKind::tenant, tag_of(0)), 0U);  // Expired ones don't count,
  EXPECT_EQ(bytes_of(tier->usage(), tag_of(0)), 0U);               // but go.
  EXPECT_GT(bytes_of(tier->usage(), tag_of(2)), 0U);
}

TEST(MemoryTier, AQuotaIsNeverExceededAndCostsOnlyItsOwner) {
  ManualClock clock;
  MemoryTierOptions options{.capacity_bytes = 2 * MiB};
  options.tenants[tag_of(1)] = {.quota_bytes = 400 * KiB};
  auto tier = make_tier(options, clock);
  for (std::uint64_t i = 0; i < 500; ++i) {
    tier->put(key_of(i), block_of(i, 100), {.tenant = tag_of(2)});
  }
  const std::uint64_t before = bytes_of(tier->usage(), tag_of(2));
  for (std::uint64_t i = 1000; i < 9000; ++i) {
    tier->put(key_of(i), block_of(i, 200), {.tenant = tag_of(1)});
    if (i % 100 == 0) {
      ASSERT_LE(bytes_of(tier->usage(), tag_of(1)), 400 * KiB);
    }
  }
  EXPECT_GT(bytes_of(tier->usage(), tag_of(1)), 380 * KiB);
  EXPECT_EQ(bytes_of(tier->usage(), tag_of(2)), before);
  for (std::uint64_t i = 0; i < 500; ++i) ASSERT_TRUE(found(*tier, i));
}

TEST(MemoryTier, NobodyIsPushedBelowItsGuarantee) {
  ManualClock clock;
  std::mt19937_64 random(5);
  MemoryTierOptions options{.capacity_bytes = 4 * MiB};
  options.tenants[tag_of(1)] = {.guaranteed_bytes = 1 * MiB};
  options.tenants[tag_of(2)] = {.guaranteed_bytes = 2900 * KiB};
  auto tier = make_tier(options, clock);
  auto flood = [&](std::uint64_t first, std::uint64_t count, std::uint64_t tenant) {
    for (std::uint64_t i = first; i < first + count; ++i) {
      tier->put(key_of(i), block_of(i, random() % (i % 50 == 0 ? 9000 : 400)),
                {.tenant = tag_of(tenant)});
    }
  };
  flood(0, 10'000, 1);
  ASSERT_GT(bytes_of(tier->usage(), tag_of(1)), 3 * MiB);  // Nobody else was there.
  // What is over the guarantees is shared.
  flood(10'000, 10'000, 3);
  EXPECT_GT(bytes_of(tier->usage(), tag_of(1)), 2 * MiB);
  EXPECT_GT(bytes_of(tier->usage(), tag_of(3)), 1 * MiB);
  // Who is guaranteed the rest gets it, and no more.
  flood(20'000, 10'000, 2);
  EXPECT_GE(bytes_of(tier->usage(), tag_of(1)), 1 * MiB);
  EXPECT_LT(bytes_of(tier->usage(), tag_of(1)), 1300 * KiB);
  EXPECT_GT(bytes_of(tier->usage(), tag_of(2)), 2500 * KiB);
  flood(30'000, 10'000, 3);
  EXPECT_GE(bytes_of(tier->usage(), tag_of(1)), 1 * MiB);
  EXPECT_LE(tier->usage().bytes_peak, 4 * MiB);
}

TEST(MemoryTier, GuaranteesOfTheWholeBudgetLeaveOthersNothingAndStillHold) {
  ManualClock clock;
  MemoryTierOptions options{.capacity_bytes = 1 * MiB};
  options.tenants[tag_of(1)] = {.guaranteed_bytes = 1 * MiB};
  auto tier = make_tier(options, clock);
  for (std::uint64_t i = 0; i < 3000; ++i) {
    tier->put(key_of(i), block_of(i, 200), {.tenant = tag_of(1)});
  }
  const std::uint64_t before = bytes_of(tier->usage(), tag_of(1));
  for (std::uint64_t i = 10'000; i < 12'000; ++i) {
    tier->put(key_of(i), block_of(i, 200), {.tenant = tag_of(2)});
    ASSERT_LE(tier->usage().bytes, 1 * MiB);
  }
  EXPECT_EQ(bytes_of(tier->usage(), tag_of(1)), before);
  EXPECT_GT(tier->usage().refused, 1500U);
}

// Each with another tenant: what is kept of them is in the budget, and so is what is kept of the
// tenants; those with limits are counted one by one up to a bound.
TEST(MemoryTier, AHostileNumberOfTenantsStaysInTheBudget) {
  ManualClock clock;
  for (const TenantLimits& limits :
       {TenantLimits{}, TenantLimits{.quota_bytes = 200 * KiB, .guaranteed_bytes = 100 * KiB}}) {
    auto tier = make_tier({.capacity_bytes = 1 * MiB, .tenant = limits}, clock);
    for (std::uint64_t i = 0; i < 30'000; ++i) {
      tier->put(key_of(i), block_of(i, 20), {.tenant = tag_of(i), .tokenizer = tag_of(i)});
    }
    const MemoryTierUsage usage = tier->usage();
    EXPECT_LE(usage.bytes_peak, 1 * MiB);
    std::uint64_t entries = 0;
    for (const TenantUsage& tenant : usage.tenants) entries += tenant.entries;
    EXPECT_EQ(entries, usage.entries);
    EXPECT_GT(entries, 300U);
    // One of them can still be erased.
    EXPECT_EQ(tier->erase_group(GroupKind::tenant, usage.tenants.front().tenant), 1U);
  }
}

// S3-FIFO's point: what is read again survives a scan of things that are read once.
TEST(MemoryTier, AScanDoesNotWashOutWhatIsUsed) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 256 * KiB, .shard_count = 1}, clock);
  for (std::uint64_t i = 0; i < 100; ++i) tier->put(key_of(i), block_of(i, 100));
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(tier->find(key_of(i)));
  for (std::uint64_t i = 1000; i < 6000; ++i) tier->put(key_of(i), block_of(i, 100));
  std::uint64_t alive = 0;
  for (std::uint64_t i = 0; i < 100; ++i) alive += found(*tier, i) ? 1 : 0;
  EXPECT_GE(alive, 95U);  // The names of what was evicted take a little room, too.
}

// What comes back soon after its eviction goes to the main queue: its name was remembered.
TEST(MemoryTier, AGhostThatReturnsStays) {
  ManualClock clock;
  auto tier = make_tier({.capacity_bytes = 128 * KiB, .shard_count = 1}, clock);
  std::uint64_t next = 1000;
  tier->put(key_of(2), block_of(2, 100));  // Never read.
  for (int i = 0; i < 250; ++i, ++next) tier->put(key_of(next), block_of(next, 100));
  ASSERT_FALSE(tier->find(key_of(2)));
  tier->put(key_of(2), block_of(2, 100));
  EXPECT_EQ(tier->usage().ghost_hits_small, 1U);
  for (int i = 0; i < 300; ++i, ++next) tier->put(key_of(next), block_of(next, 100));
  EXPECT_TRUE(tier->find(key_of(2)));
}

// Sessions: each thing comes a few times within a while longer than a small queue of 10 % lasts,
// and then never again. The border moves, and more is found than would be with a fixed one.
TEST(MemoryTier, TheBorderMovesTowardsRecencyWhereThatPays) {
  ManualClock clock;
  std::mt19937_64 random(3);
  auto tier = make_tier({.capacity_bytes = 1 * MiB, .ttl = 0s, .shard_count = 1}, clock);
  EXPECT_EQ(tier->usage().small_share_target, 0);
  for (std::uint64_t i = 0; i < 60'000; ++i) {
    const std::uint64_t back = random() % 400;
    const std::uint64_t number = i > back ? i - back : i;
    if (!found(*tier, number)) tier->put(key_of(number), block_of(number, 200));
  }
  EXPECT_GT(tier->usage().small_share_target, 0.2);
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
    const TokenBlock block = found(*tier, number);
    ASSERT_EQ(block != nullptr, model.contains(number));
    if (block) {
      ASSERT_EQ(block, model[number]);
    }
  }
  EXPECT_EQ(tier->usage().evictions, 0U);
}

#if !defined(LEYDEN_TEST_OWN_ALLOCATOR)
TEST(MemoryTier, KnowsWhatMallocGives) {
  for (std::size_t size = 1; size < 128 * KiB; size += size < 4096 ? 1 : 97) {
    void* memory = ::malloc(size);
    ASSERT_LE(allocated(size), ::malloc_usable_size(memory) + 8) << size;
    ASSERT_GE(allocated(size) + 16, ::malloc_usable_size(memory) + 8) << size;
    ::free(memory);
  }
  for (std::size_t size = 128 * KiB; size < 64 * MiB; size += size / 3) {
    void* memory = ::malloc(size);
    ASSERT_GE(allocated(size), ::malloc_usable_size(memory) + 8) << size;
    ASSERT_LE(allocated(size), ::malloc_usable_size(memory) + 8 + 2 * 4096) << size;
    ::free(memory);
  }
}

// To 1 %: what malloc keeps in its caches counts for it as taken.
TEST(MemoryTier, CountsWhatMallocGives) {
  ManualClock clock;
  for (const bool full : {false, true}) {
    auto tier = make_tier({.capacity_bytes = 32 * MiB, .tenant = {.quota_bytes = 4 * MiB}}, clock);
    std::mt19937_64 random(1);
    ::malloc_trim(0);
    const std::size_t before = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    for (std::uint64_t i = 0; i < (full ? 60'000 : 20'000); ++i) {
      tier->put(key_of(i), block_of(i, random() % 500),
                {.tenant = tag_of(i % 40), .tokenizer = tag_of(i % 3)});
    }
    const std::size_t taken = ::mallinfo2().uordblks + ::mallinfo2().hblkhd - before;
    const auto counted = static_cast<double>(tier->usage().bytes);
    EXPECT_EQ(tier->usage().evictions > 0, full);
    EXPECT_GT(counted, (full ? 31.0 : 20.0) * MiB);
    EXPECT_NEAR(static_cast<double>(taken), counted, counted * 0.01);
  }
}
#endif

TEST(MemoryTier, ManyThreads) {
  ManualClock clock;
  constexpr std::size_t kCapacity = 512 * KiB;
  auto tier = make_tier({.capacity_bytes = kCapacity,
                         .ttl = 10s,
                         .shard_count = 4,
                         .tenant = {.quota_bytes = 300 * KiB, .guaranteed_bytes = 50 * KiB}},
                        clock);
  std::atomic<int> wrong{0};
  std::atomic<bool> over{false};
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(t);
        for (int i = 0; i < 10'000; ++i) {
          const std::uint64_t number = random() % 1500;
          const PutOptions options{.tenant = tag_of(number % 5), .tokenizer = tag_of(number % 2)};
          if (auto known = tier->find(key_of(number))) {
            if (*known && (**known)->front() != number) ++wrong;
            if (!*known && known->error() != Errc::unsupported) ++wrong;
          } else if (number % 64 == 0) {
            tier->put_failure(key_of(number), Errc::unsupported, options);
          } else {
            tier->put(key_of(number), block_of(number, 1 + random() % 200), options);
          }
          if (i % 100 == 0) tier->erase(key_of(random() % 1500));
          if (i % 700 == 0) tier->erase_group(GroupKind::tenant, tag_of(random() % 5));
          if (i % 1100 == 0) tier->erase_group(GroupKind::tokenizer, tag_of(random() % 2));
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
