#pragma once

#include <cstdint>
#include <span>

#include "leyden/cache/store.h"
#include "leyden/cache/stores/redis/redis_calls.h"
#include "leyden/cache/stores/redis/redis_keys.h"

namespace leyden::cache {

// Erases values and tells who listens, after it is done: docs/formats/redis.md, "Erasing". Thread-safe.
class RedisEraser {
 public:
  RedisEraser(RedisCalls& calls, const RedisKeys& keys) : calls_(calls), keys_(keys) {}

  // Tells, too.
  [[nodiscard]] Result<std::uint64_t> erase_keys(std::span<const BlockKey> erased,
                                                 Deadline deadline);
  // Tells nobody. Stopped by its deadline it has erased a part.
  [[nodiscard]] Result<std::uint64_t> erase_group(GroupKind kind, const GroupTag& tag,
                                                  Deadline deadline);
  [[nodiscard]] Result<void> tell_group(GroupKind kind, const GroupTag& tag, Deadline deadline);

 private:
  RedisCalls& calls_;
  const RedisKeys& keys_;
};

}  // namespace leyden::cache
