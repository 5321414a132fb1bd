#include "leyden/cache/stores/redis/redis_keys.h"

#include <set>

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

TEST(RedisKeys, NamesAndSlots) {
  const RedisKeys keys("p:");
  BlockKey key;
  key.bytes[0] = std::byte{0xff};
  EXPECT_EQ(keys.value(key), "p:v:{3f}ff" + std::string(62, '0'));
  GroupTag tag{};
  tag[15] = std::byte{1};
  EXPECT_EQ(keys.group(GroupKind::tenant, tag, 5), "p:t:{05}" + std::string(30, '0') + "01");
  // As `CLUSTER KEYSLOT 00` and `3f` of redis-server 7.0.15 have it.
  EXPECT_EQ(slot_of(0x00), 13254U);
  EXPECT_EQ(slot_of(0x3f), 7334U);
  std::set<unsigned> slots;
  for (unsigned bucket = 0; bucket < kRedisBuckets; ++bucket) slots.insert(slot_of(bucket));
  EXPECT_EQ(slots.size(), kRedisBuckets);
}

TEST(RedisKeys, ErasedNamesComeBack) {
  const RedisKeys keys("p:");
  BlockKey key;
  key.bytes[31] = std::byte{7};
  const auto one = keys.parse_erased(keys.erased(key));
  ASSERT_TRUE(one);
  EXPECT_EQ(one->key, key);
  GroupTag tag{};
  tag[3] = std::byte{9};
  for (const GroupKind kind : {GroupKind::tenant, GroupKind::tokenizer}) {
    const auto group = keys.parse_erased(keys.erased_group(kind, tag));
    ASSERT_TRUE(group);
    EXPECT_FALSE(group->key);
    EXPECT_EQ(group->kind, kind);
    EXPECT_EQ(group->tag, tag);
  }
  for (const char* name : {"", "p:x:", "p:x:{00}", "p:x:{00}zz", "q:x:{00}00", "p:x:{00}t:00"})
    EXPECT_FALSE(keys.parse_erased(name)) << name;
  EXPECT_FALSE(keys.parse_erased("p:x:{00}" + std::string(64, 'g')));
  EXPECT_FALSE(keys.parse_erased("p:x:{00}t:" + std::string(32, 'g')));
}

}  // namespace
}  // namespace leyden::cache
