#include "leyden/llm/http/retry.h"

#include <gtest/gtest.h>

#include <set>

#include "leyden/llm/http/cache_salt.h"

namespace leyden::llm {
namespace {

using namespace std::chrono_literals;

TEST(RetryPolicy, DelaysAreRandomAndTheirBoundDoubles) {
  const RetryOptions options{.attempts_max = 10, .budget_burst = 1e9};
  RetryPolicy policy(options);
  for (std::size_t attempts = 1; attempts < 10; ++attempts) {
    const auto most =
        std::min<std::chrono::milliseconds>(250ms * (1 << (attempts - 1)), options.delay_max);
    std::set<std::chrono::milliseconds> seen;
    for (int i = 0; i < 200; ++i) {
      const auto delay = policy.next_delay(attempts, std::nullopt);
      ASSERT_TRUE(delay);
      EXPECT_GE(*delay, 0ms);
      EXPECT_LE(*delay, most);
      seen.insert(*delay);
    }
    EXPECT_GT(seen.size(), 50U) << "not all clients come back at once";
    EXPECT_LT(*seen.begin(), most / 4) << "full jitter begins at nothing";
  }
  EXPECT_FALSE(policy.next_delay(10, std::nullopt));
}

TEST(RetryPolicy, TheServersWishCounts) {
  RetryPolicy policy({});
  const auto delay = policy.next_delay(1, 2s);
  ASSERT_TRUE(delay);
  EXPECT_GE(*delay, 2s);
  EXPECT_FALSE(policy.next_delay(1, 31s)) << "nobody waits that long";
}

TEST(RetryPolicy, AtMostATenthMoreRequests) {
  RetryPolicy policy({.budget_burst = 5});
  int retries = 0;
  for (int i = 0; i < 1000; ++i) {
    policy.request_began();
    for (int attempt = 1; policy.next_delay(static_cast<std::size_t>(attempt), std::nullopt);
         ++attempt)
      ++retries;
  }
  EXPECT_LE(retries, 105);
  EXPECT_GE(retries, 99);
}

TEST(CacheSalt, TellsTenantsModelsAndKeysApart) {
  const Secret key{std::byte{1}};
  const std::string salt = cache_salt(key, "a", "m");
  EXPECT_EQ(salt, cache_salt(key, "a", "m"));
  EXPECT_EQ(salt.size(), 32U);
  EXPECT_NE(salt, cache_salt(key, "b", "m"));
  EXPECT_NE(salt, cache_salt(key, "a", "n"));
  EXPECT_NE(salt, cache_salt(Secret{std::byte{2}}, "a", "m"));
  EXPECT_NE(cache_salt(key, "ab", "c"), cache_salt(key, "a", "bc")) << "fields have their lengths";
  EXPECT_FALSE(cache_salt(key, "", "").empty());
}

}  // namespace
}  // namespace leyden::llm
