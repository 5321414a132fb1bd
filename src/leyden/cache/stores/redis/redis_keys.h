#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "leyden/cache/store.h"

namespace leyden::cache {

// All keys of the store are "<prefix><kind>:{<bucket>}<name>", bucket in two hex digits: what is in braces decides the slot in a
// cluster, so that a value, the sets that list it and its tenant's counter lie on one server. docs/formats/redis.md.
inline constexpr unsigned kRedisBuckets = 64;

[[nodiscard]] inline unsigned bucket_of(const BlockKey& key) {
  return static_cast<unsigned>(key.bytes[0]) % kRedisBuckets;
}
[[nodiscard]] inline unsigned bucket_of(const GroupTag& tag) {
  return static_cast<unsigned>(tag[0]) % kRedisBuckets;
}

// The slot (0 to 16383) of a bucket in a cluster: CRC16 of what is in the braces.
[[nodiscard]] unsigned slot_of(unsigned bucket);

// What the store knows of an invalidation.
struct ErasedName {
  std::optional<BlockKey> key;
  GroupKind kind{};
  GroupTag tag{};  // Where `key` is empty.
};

class RedisKeys {
 public:
  explicit RedisKeys(std::string prefix) : prefix_(std::move(prefix)) {}

  [[nodiscard]] std::string value(const BlockKey& key) const {
    return named("v", bucket_of(key), key.hex());
  }
  [[nodiscard]] std::string lease(const BlockKey& key) const {
    return named("l", bucket_of(key), key.hex());
  }
  // Members of a group whose values are in a bucket: a sorted set.
  [[nodiscard]] std::string group(GroupKind kind, const GroupTag& tag, unsigned bucket) const;
  [[nodiscard]] std::string tenant_bytes(const GroupTag& tag, unsigned bucket) const;

  // Set, and taken away, when something was erased: who tracks erased_prefix() hears of it.
  [[nodiscard]] std::string erased(const BlockKey& key) const {
    return named("x", bucket_of(key), key.hex());
  }
  [[nodiscard]] std::string erased_group(GroupKind kind, const GroupTag& tag) const;
  [[nodiscard]] std::string erased_prefix() const { return prefix_ + "x:"; }
  // Nothing for a key that is none of erased() and erased_group().
  [[nodiscard]] std::optional<ErasedName> parse_erased(std::string_view name) const;

  // Pattern of all values, for SCAN.
  [[nodiscard]] std::string values_pattern() const { return prefix_ + "v:*"; }

 private:
  [[nodiscard]] std::string named(std::string_view kind, unsigned bucket,
                                  std::string_view name) const;
  std::string prefix_;
};

}  // namespace leyden::cache
