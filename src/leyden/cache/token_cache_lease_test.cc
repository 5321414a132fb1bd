#include <atomic>
#include <chrono>
#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/cache/testing/fake_store.h"
#include "leyden/cache/testing/lease_table.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/token_cache.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;

const PassageScope kScope{.codec = {.tokenizer_fingerprint = Hasher().field("tokenizer").finish(),
                                    .vocabulary_size = 50'000}};
const std::vector kKeys{testing::key_of(1)};
constexpr std::size_t kBytes[] = {1'000'000};
using testing::soon;

// Caches with a memory of their own over one store: processes, as far as it knows.
class TokenCacheLease : public ::testing::Test {
 protected:
  struct Process {
    std::unique_ptr<MemoryTier> memory;
    TokenCache cache;
    Process(testing::FakeStore& store, const Clock& clock, std::chrono::milliseconds duration)
        : memory(MemoryTier::make({}, clock).value()),
          cache(*memory, &store, clock,
                {.store_reads = StoreReads::always,
                 .lease = {.from_bytes = 1000, .duration = duration}}) {}
  };
  TokenCacheLease() { store_.lease_table = &leases_; }

  // What the process is told of the passage.
  Source ask(Process& process) {
    auto found = process.cache.find_or_encode(kKeys, kScope,
                                              [&](std::size_t) -> Result<TokenIds> {
                                                ++encodings_;
                                                if (on_encode_) on_encode_();
                                                return TokenIds{1, 2, 3};
                                              },
                                              soon(), {.text_bytes = kBytes});
    EXPECT_TRUE(found);
    EXPECT_EQ(*found->front().block, (TokenIds{1, 2, 3}));
    return found->front().source;
  }
  std::size_t leases_held() {
    return leases_.held.with([](const auto& all) { return all.size(); });
  }

  SystemClock clock_;
  testing::LeaseTable leases_;
  testing::FakeStore store_;
  std::atomic<int> encodings_{0};
  std::function<void()> on_encode_;
};

TEST_F(TokenCacheLease, OneProcessEncodesAndTheOthersWaitForIt) {
  Process one(store_, clock_, 60s);
  Process two(store_, clock_, 60s);
  std::latch encoding(1);
  on_encode_ = [&] {
    encoding.count_down();
    std::this_thread::sleep_for(50ms);
  };
  std::jthread first([&] { EXPECT_EQ(ask(one), Source::encoded); });
  encoding.wait();
  EXPECT_EQ(ask(two), Source::store);
  EXPECT_EQ(encodings_, 1);
  first.join();
  ASSERT_TRUE(one.cache.flush(soon()));
  EXPECT_EQ(leases_held(), 0U);
}

TEST_F(TokenCacheLease, AHolderThatVanishedIsWaitedForOnlySoLong) {
  Process process(store_, clock_, 50ms);
  ASSERT_TRUE(leases_.try_lease(kKeys[0], 1s, soon()));
  EXPECT_EQ(ask(process), Source::encoded);
  EXPECT_EQ(leases_held(), 1U);  // It is the other's.
}

TEST_F(TokenCacheLease, AStopEndsTheWaitAndNothingIsEncoded) {
  Process process(store_, clock_, 60s);
  ASSERT_TRUE(leases_.try_lease(kKeys[0], 1s, soon()));
  std::stop_source stop;
  std::jthread stopper([&] {
    while (leases_.given < 3) std::this_thread::sleep_for(1ms);  // It waits.
    stop.request_stop();
  });
  auto found =
      process.cache.find_or_encode(kKeys, kScope,
                                   [&](std::size_t) -> Result<TokenIds> {
                                     ++encodings_;
                                     return TokenIds{1, 2, 3};
                                   },
                                   soon(), {.text_bytes = kBytes, .stop = stop.get_token()});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::cancelled);
  EXPECT_EQ(encodings_, 0);
  EXPECT_EQ(leases_held(), 1U);  // It is the other's.
}

TEST_F(TokenCacheLease, WithoutLeasesItIsEncodedAtOnce) {
  leases_.failing = true;
  Process process(store_, clock_, 60s);
  EXPECT_EQ(ask(process), Source::encoded);
}

// Between our look-up and the lease another process had it, wrote, and gave it back.
TEST_F(TokenCacheLease, WhoGetsTheLeaseLooksOnceMore) {
  Process one(store_, clock_, 60s);
  EXPECT_EQ(ask(one), Source::encoded);
  ASSERT_TRUE(one.cache.flush(soon()));
  Process two(store_, clock_, 60s);
  const auto value = store_.values.with([](auto& all) { return std::exchange(all, {}); });
  store_.after_find = [&] { store_.values.with([&](auto& all) { all = value; }); };
  EXPECT_EQ(ask(two), Source::store);
  EXPECT_EQ(encodings_, 1);
  EXPECT_EQ(leases_held(), 0U);
}

TEST_F(TokenCacheLease, AnEncodingThatFailsLetsTheNextOneTry) {
  Process process(store_, clock_, 100ms);
  auto failed = process.cache.find_or_encode(
      kKeys, kScope, [](std::size_t) -> Result<TokenIds> { return fail(Errc::unavailable, "no"); },
      soon(), {.text_bytes = kBytes});
  ASSERT_FALSE(failed);
  EXPECT_EQ(leases_held(), 0U);
  EXPECT_EQ(ask(process), Source::encoded);
}

}  // namespace
}  // namespace leyden::cache
