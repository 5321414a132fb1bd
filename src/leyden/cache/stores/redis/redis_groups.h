#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "leyden/cache/store.h"
#include "leyden/cache/stores/redis/redis_keys.h"

namespace leyden::cache {

// An entry as the sorted set of a group in its bucket lists it: 32 bytes of key, then 4 bytes, little-endian, of what it is charged with
// (value, names and the server's overhead). The score is the time of its expiry, in milliseconds since 1970.
struct RedisMember {
  BlockKey key;
  std::uint32_t bytes = 0;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<RedisMember> parse(std::string_view text);
};

// What a value of that size is charged with.
[[nodiscard]] std::uint32_t charged_bytes(std::size_t value_bytes, const RedisKeys& keys,
                                          const BlockKey& key);

// How many of the members (those that expire first come first) must go so that the others keep to nine tenths of `share_bytes`; nothing
// goes while all keep to `share_bytes`.
struct Trim {
  std::size_t members = 0;
  std::uint64_t bytes_left = 0;
};
[[nodiscard]] Trim trim_to(const std::vector<RedisMember>& members, std::uint64_t share_bytes);

}  // namespace leyden::cache
