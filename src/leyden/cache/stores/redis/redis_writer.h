#pragma once

#include <chrono>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/cache/store.h"
#include "leyden/cache/stores/redis/redis_calls.h"
#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/redis_options.h"

namespace leyden::cache {

// Sets values together with their places in their groups' lists, and holds tenants to their quotas: docs/formats/redis.md, "Writes"
// and "Quotas". Thread-safe.
class RedisWriter {
 public:
  RedisWriter(RedisCalls& calls, const RedisKeys& keys, const RedisStoreOptions& options,
              const Clock& clock)
      : calls_(calls), keys_(keys), options_(options), clock_(clock) {}

  [[nodiscard]] Result<void> put(std::span<const StoreEntry> entries, Deadline deadline);

 private:
  using ByBucket = std::map<unsigned, std::vector<const StoreEntry*>>;
  // One tenant's share in one bucket after a write.
  struct Charged {
    GroupTag tenant;
    unsigned bucket;
    std::size_t position;  // Of its counter's reply among EXEC's.
  };

  void write_bucket(RedisUnit& unit, std::span<const StoreEntry* const> entries,
                    std::vector<Charged>& charged) const;
  void list(RedisUnit& unit, GroupKind kind, const GroupTag& tag,
            std::span<const StoreEntry* const> entries) const;
  void take_back_unlisted(std::span<const RedisUnit> units, const ByBucket& by_bucket,
                          Deadline deadline);
  std::optional<Error> hold_quotas(const std::vector<std::pair<GroupTag, unsigned>>& over,
                                   Deadline deadline);

  RedisCalls& calls_;
  const RedisKeys& keys_;
  const RedisStoreOptions& options_;
  const Clock& clock_;
};

}  // namespace leyden::cache
