// Leases across processes.

#include <gtest/gtest.h>

#include "leyden/cache/stores/redis/testing/redis_store_fixture.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::key_of;
using testing::open;
using testing::options_of;
using testing::time_until;

class RedisLeases : public testing::RedisStoreTest {};

TEST_F(RedisLeases, LeasesAreHeldByOne) {
  const auto options = options_of(shared().url());
  auto one = open(options);
  auto other = open(options);
  const auto soon = [] { return Deadline::after(5s); };
  const auto lease = one->try_lease(key_of(1), 60s, soon());
  ASSERT_TRUE(lease && *lease);
  EXPECT_EQ(other->try_lease(key_of(1), 60s, soon()).value(), std::nullopt);
  EXPECT_FALSE(other->release_lease(key_of(1), "not it", soon()).value());
  EXPECT_EQ(other->try_lease(key_of(1), 60s, soon()).value(), std::nullopt);
  EXPECT_TRUE(one->release_lease(key_of(1), **lease, soon()).value());
  EXPECT_TRUE(other->try_lease(key_of(1), 50ms, soon()).value());
  EXPECT_TRUE(time_until(5s, [&] {
    return one->try_lease(key_of(1), 60s, soon()).value().has_value();
  })) << "it ends by itself";
}

}  // namespace
}  // namespace leyden::cache
