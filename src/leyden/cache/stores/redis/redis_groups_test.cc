// Groups and quotas.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/testing/redis_store_fixture.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::entry_of;
using testing::has;
using testing::key_of;
using testing::open;
using testing::options_of;
using testing::put;
using testing::tag_of;

class RedisGroups : public testing::RedisStoreTest {};

TEST_F(RedisGroups, WhatItsGroupCanNotListIsNotKept) {
  const auto options = options_of(shared().url());
  auto store = open(options);
  StoreEntry entry = entry_of(1);
  entry.tenant = tag_of(1);
  const std::string group =
      RedisKeys(options.prefix).group(GroupKind::tenant, tag_of(1), bucket_of(entry.key));
  shared().ask({"LPUSH", group, "x"});
  EXPECT_FALSE(put(*store, entry));
  EXPECT_FALSE(has(*store, 1)) << "an erasure of the tenant would leave it";
  EXPECT_EQ(store->health().state, StoreState::degraded);
  shared().ask({"UNLINK", group});
  EXPECT_TRUE(put(*store, entry));
  EXPECT_TRUE(has(*store, 1));
  EXPECT_EQ(store->health().state, StoreState::on) << store->health().reason;
}

TEST_F(RedisGroups, GroupsAreErasedWithExactCounts) {
  auto store = open(options_of(shared().url()));
  std::vector<StoreEntry> entries;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    entries.push_back(entry_of(i, 10));
    entries.back().tenant = tag_of(i % 2 == 0 ? 1 : 2);
    entries.back().tokenizer = tag_of(i % 3 == 0 ? 3 : 4);
  }
  ASSERT_TRUE(store->put_many(entries, Deadline::after(30s)));
  ASSERT_TRUE(store->put_many(entries, Deadline::after(30s))) << "again: not counted twice";
  EXPECT_EQ(store->erase_many(std::vector{key_of(0), key_of(1)}, Deadline::after(5s)).value(), 2U);
  EXPECT_EQ(store->erase_group(GroupKind::tokenizer, tag_of(3), Deadline::after(30s)).value(),
            999U);
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of(1), Deadline::after(30s)).value(), 1000U);
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of(1), Deadline::after(30s)).value(), 0U);
  EXPECT_EQ(store->usage(Deadline::after(30s))->entries, 999U)
      << "of the other tenant all are there";
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of(2), Deadline::after(30s)).value(), 999U);
  EXPECT_EQ(store->usage(Deadline::after(30s))->entries, 0U);
}

TEST_F(RedisGroups, TenantsKeepToTheirQuota) {
  auto options = options_of(shared().url());
  options.tenant_quota_bytes = 2 * MiB;
  auto store = open(options);
  const auto put_some = [&](std::uint8_t tenant, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t begin = from; begin < to; begin += 50) {
      std::vector<StoreEntry> entries;
      for (std::uint64_t i = begin; i < begin + 50; ++i) {
        entries.push_back(entry_of(i, 1000));
        entries.back().tenant = tag_of(tenant);
      }
      const auto put = store->put_many(entries, Deadline::after(30s));
      ASSERT_TRUE(put) << put.error().message;
    }
  };
  put_some(1, 0, 500);          // 0.7 MiB as it is charged: within its quota
  put_some(2, 10'000, 18'000);  // 11 MiB
  std::uint64_t of_first = 0;
  for (std::uint64_t i = 0; i < 500; ++i) of_first += has(*store, i) ? 1 : 0;
  EXPECT_EQ(of_first, 500U) << "another tenant's writes took them";
  const auto usage = store->usage(Deadline::after(30s));
  ASSERT_TRUE(usage);
  const std::uint64_t of_second = usage->entries - of_first;
  EXPECT_LE(of_second * 1380, options.tenant_quota_bytes + 100'000);
  EXPECT_GE(of_second * 1380, options.tenant_quota_bytes / 4 * 3) << "a quota is there to be used";
  EXPECT_TRUE(has(*store, 17'999)) << "what is newest stays";
}

}  // namespace
}  // namespace leyden::cache
