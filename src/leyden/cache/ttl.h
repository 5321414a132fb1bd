#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>

#include "leyden/cache/block_key.h"

namespace leyden::cache {

// Ten years: nothing that adds it to a time overflows.
inline constexpr std::chrono::seconds kTtlMax{10LL * 365 * 24 * 3600};

// `ttl` made longer or shorter by up to 10 %, the same way for the same key each time, so that what
// was written together does not expire together.
[[nodiscard]] inline std::chrono::nanoseconds jittered_ttl(std::chrono::seconds ttl,
                                                           const BlockKey& key) {
  std::uint32_t bits = 0;  // Neither the bits that choose the shard nor those of the hash table.
  std::memcpy(&bits, key.bytes.data() + 16, sizeof(bits));
  const double share = 0.9 + 0.2 * (static_cast<double>(bits) / 4294967295.0);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(static_cast<double>(ttl.count()) * share));
}

}  // namespace leyden::cache
