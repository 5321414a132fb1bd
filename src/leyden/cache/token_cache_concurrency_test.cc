#include <atomic>
#include <barrier>
#include <chrono>
#include <latch>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/cache/testing/fake_store.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/token_cache.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::FakeStore;
using testing::key_of;
using testing::keys_of;
using testing::soon;

const PassageScope kScope{.codec = {.tokenizer_fingerprint = Hasher().field("tokenizer").finish(),
                                    .vocabulary_size = 50'000},
                          .tenant = {std::byte{1}},
                          .tokenizer = {std::byte{2}}};

TokenIds ids_of(std::uint64_t number) {
  return TokenIds(1 + number % 200, static_cast<TokenId>(number % 50'000));
}

class TokenCacheConcurrency : public ::testing::Test {
 protected:
  SystemClock clock_;
  std::unique_ptr<MemoryTier> memory_ =
      MemoryTier::make({.capacity_bytes = 8 * MiB}, clock_).value();
  FakeStore store_;
};

TEST_F(TokenCacheConcurrency, AThousandMissesOfOnePassageAreOneEncoding) {
  constexpr int kCallers = 1000;
  TokenCache cache(*memory_, &store_, clock_);
  std::atomic<int> encodings{0};
  std::atomic<int> right{0};
  std::barrier start(kCallers);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kCallers; ++t) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        auto found = cache.find_or_encode(
            std::vector{key_of(1)}, kScope,
            [&](std::size_t) -> Result<TokenIds> {
              ++encodings;
              std::this_thread::sleep_for(100ms);
              return ids_of(1);
            },
            soon());
        if (found && *found->front().block == ids_of(1)) ++right;
      });
    }
  }
  EXPECT_EQ(encodings, 1);
  EXPECT_EQ(right, kCallers);
  const CacheStats stats = cache.stats();
  EXPECT_EQ(stats.lookups, static_cast<std::uint64_t>(kCallers));
  EXPECT_EQ(stats.misses - stats.coalesced, 1U);
}

// What each call was told, added up, is what the statistics say: altogether, by agent, by tenant.
TEST_F(TokenCacheConcurrency, AThousandRequestsOverAHundredPassagesSumExactly) {
  constexpr std::size_t kCallers = 1000;
  constexpr std::string_view kAgents[] = {"qa", "review", "darwin"};
  constexpr std::string_view kTenants[] = {"acme", "globex"};
  TokenCache cache(*memory_, &store_, clock_);
  std::atomic<std::uint64_t> encodings{0};
  struct Truth {
    std::atomic<std::uint64_t> memory{0}, store{0}, encoded{0}, coalesced{0};
    void expect(const LookupStats& stats) const {
      EXPECT_EQ(stats.hits_memory, memory);
      EXPECT_EQ(stats.hits_store, store);
      EXPECT_EQ(stats.misses, encoded + coalesced);
      EXPECT_EQ(stats.coalesced, coalesced);
      EXPECT_EQ(stats.lookups, memory + store + encoded + coalesced);
      EXPECT_EQ(stats.memory_hit_latency.count, memory);
      EXPECT_EQ(stats.store_hit_latency.count, store);
      EXPECT_EQ(stats.miss_latency.count, encoded + coalesced);
    }
  };
  Truth all;
  Truth warm_up;
  std::array<Truth, 3> agents;
  std::array<Truth, 2> tenants;
  std::barrier start(kCallers);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kCallers; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(t);
        std::vector<std::uint64_t> numbers(1 + random() % 18);
        for (auto& number : numbers) number = random() % 100;
        std::vector<BlockKey> keys;
        for (const auto number : numbers) keys.push_back(key_of(number));
        const bool warms = t % 10 == 0;
        start.arrive_and_wait();
        auto found = cache.find_or_encode(
            keys, kScope,
            [&](std::size_t i) -> Result<TokenIds> {
              ++encodings;
              return ids_of(numbers[i]);
            },
            soon(), {.agent = kAgents[t % 3], .tenant = kTenants[t % 2], .warm_up = warms});
        ASSERT_TRUE(found);
        for (std::size_t i = 0; i < numbers.size(); ++i) {
          EXPECT_EQ(*(*found)[i].block, ids_of(numbers[i]));
          auto tell = [&](Truth& truth) {
            switch ((*found)[i].source) {
              case Source::memory:
                ++truth.memory;
                break;
              case Source::store:
                ++truth.store;
                break;
              case Source::encoded:
                ++truth.encoded;
                break;
              case Source::coalesced:
                ++truth.coalesced;
                break;
            }
          };
          if (warms) {
            tell(warm_up);
          } else {
            tell(all);
            tell(agents[t % 3]);
            tell(tenants[t % 2]);
          }
        }
      });
    }
  }
  EXPECT_EQ(encodings, 100U);
  const CacheStats stats = cache.stats();
  all.expect(stats);
  warm_up.expect(stats.warm_up);
  EXPECT_EQ(stats.misses - stats.coalesced + stats.warm_up.misses - stats.warm_up.coalesced, 100U);
  ASSERT_EQ(stats.agents.size(), 3U);
  for (const auto& [name, counts] : stats.agents) {
    agents[static_cast<std::size_t>(std::ranges::find(kAgents, name) - kAgents)].expect(counts);
  }
  ASSERT_EQ(stats.tenants.size(), 2U);
  for (const auto& [name, counts] : stats.tenants) {
    tenants[static_cast<std::size_t>(std::ranges::find(kTenants, name) - kTenants)].expect(counts);
  }
  EXPECT_EQ(stats.failures, 0U);
}

// Passages long enough to be worth a thread each.
class ParallelEncoding : public TokenCacheConcurrency {
 protected:
  static constexpr std::size_t kPassages = 4;
  const std::vector<std::size_t> bytes_ = std::vector<std::size_t>(kPassages, 1'000'000);
  const std::vector<BlockKey> keys_ = keys_of(0, kPassages);
  TokenCache cache_{*memory_, &store_, clock_, {.encode_threads = kPassages}};
};

TEST_F(ParallelEncoding, PassagesAreEncodedAtTheSameTime) {
  std::latch all(kPassages);
  auto found = cache_.find_or_encode(keys_, kScope,
                                     [&](std::size_t i) -> Result<TokenIds> {
                                       all.arrive_and_wait();
                                       return ids_of(i);
                                     },
                                     soon(), {.text_bytes = bytes_});
  ASSERT_TRUE(found);
  for (std::size_t i = 0; i < kPassages; ++i) {
    EXPECT_EQ(*(*found)[i].block, ids_of(i));
    EXPECT_EQ((*found)[i].source, Source::encoded);
  }
  ASSERT_TRUE(cache_.flush(soon()));
  EXPECT_EQ(store_.values.with([](const auto& values) { return values.size(); }), kPassages);
}

TEST_F(ParallelEncoding, OneThatFailsFailsTheRequestAndTheOthersAreKept) {
  std::latch all(kPassages);
  auto found = cache_.find_or_encode(keys_, kScope,
                                     [&](std::size_t i) -> Result<TokenIds> {
                                       all.arrive_and_wait();
                                       if (i == 2) return fail(Errc::unavailable, "passage 2");
                                       return ids_of(i);
                                     },
                                     soon(), {.text_bytes = bytes_});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "passage 2");
  for (std::size_t i = 0; i < kPassages; ++i)
    EXPECT_EQ(memory_->find(keys_[i]).has_value(), i != 2);
  EXPECT_EQ(cache_.stats().failures, 1U);
  EXPECT_EQ(cache_.stats().lookups, 0U);
}

TEST_F(ParallelEncoding, AnEncoderThatThrowsLeavesNoFlightBehind) {
  EXPECT_THROW(
      (void)cache_.find_or_encode(
          keys_, kScope, [&](std::size_t) -> Result<TokenIds> { throw std::runtime_error("x"); },
          soon(), {.text_bytes = bytes_}),
      std::runtime_error);
  auto found = cache_.find_or_encode(keys_, kScope,
                                     [&](std::size_t i) -> Result<TokenIds> { return ids_of(i); },
                                     Deadline::after(10s), {.text_bytes = bytes_});
  ASSERT_TRUE(found) << found.error().message;
}

TEST_F(ParallelEncoding, ManyCallsShareTheThreads) {
  std::atomic<int> encodings{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        auto found = cache_.find_or_encode(keys_, kScope,
                                           [&](std::size_t i) -> Result<TokenIds> {
                                             ++encodings;
                                             std::this_thread::sleep_for(5ms);
                                             return ids_of(i);
                                           },
                                           soon(), {.text_bytes = bytes_});
        ASSERT_TRUE(found);
      });
    }
  }
  EXPECT_EQ(encodings, static_cast<int>(kPassages));
}

TEST_F(TokenCacheConcurrency, ACancelledCallEncodesNoFurther) {
  TokenCache cache(*memory_, &store_, clock_);
  std::stop_source stop;
  int encodings = 0;
  auto encode = [&](std::size_t i) -> Result<TokenIds> {
    ++encodings;
    stop.request_stop();
    return ids_of(i);
  };
  auto found =
      cache.find_or_encode(keys_of(0, 3), kScope, encode, soon(), {.stop = stop.get_token()});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::cancelled);
  EXPECT_EQ(encodings, 1);
  EXPECT_TRUE(memory_->find(key_of(0)));
  // Nothing to encode, nothing to cancel.
  EXPECT_TRUE(
      cache.find_or_encode(keys_of(0, 1), kScope, encode, soon(), {.stop = stop.get_token()}));
}

TEST_F(TokenCacheConcurrency, WaitingForAnotherCallEndsWhenCancelledAndTheOtherGoesOn) {
  TokenCache cache(*memory_, nullptr, clock_);
  std::latch leading(1);
  std::latch cancelled(1);
  std::jthread leader([&] {
    auto found = cache.find_or_encode(
        keys_of(0, 1), kScope,
        [&](std::size_t) -> Result<TokenIds> {
          leading.count_down();
          cancelled.wait();
          return ids_of(0);
        },
        soon());
    EXPECT_TRUE(found);
  });
  leading.wait();
  std::stop_source stop;
  std::jthread canceller([&] {
    std::this_thread::sleep_for(20ms);
    stop.request_stop();
  });
  auto found =
      cache.find_or_encode(keys_of(0, 1), kScope,
                           [](std::size_t) -> Result<TokenIds> { return fail(Errc::internal, ""); },
                           Deadline::never(), {.stop = stop.get_token()});
  cancelled.count_down();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::cancelled);
}

}  // namespace
}  // namespace leyden::cache
