#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "leyden/base/clock.h"
#include "leyden/cache/store.h"
#include "leyden/cache/stores/redis/redis_options.h"

namespace leyden::cache {

// A store in Redis (7 or later) or Valkey: one server, the master that Sentinels name, or a cluster. docs/formats/redis.md has the keys,
// docs/redis.md the guide.
//
// Calls wait for nothing but their own replies, and not past their deadline or the options' command time-out. Each is one round trip
// to each server that it concerns, all at once; in put_many there are two more for tenants that may be over their quota, in erase_group
// two for each 512 entries of a bucket, all buckets at once. A server that is not there, silent for the stall time-out, or that fails
// calls, is left alone (its breaker opens: `unavailable` at once) and probed after 0.2 to 2 s, until it is back.
//
// Listening: listen() waits for the first link, for 0.25 s at most; health() is not `on` before. Another process's erase_many and
// erase_group are heard within a second on a healthy link. A link that is cut is noticed
// at once and a silent one within 3 s: then lost() is called, again when the link is back (and when it is there for the first time), and
// every 3 s in between while values are still read from the store. What is not erased through a store, but by hand (FLUSHALL is heard, DEL
// is not), by time or by the server's eviction, is not heard: names can't go stale, so a copy of it is as good as before.
class RedisStore final : public Store, public Leases {
 public:
  // Connects to nothing yet: a server that is not there is no error here. Errors: invalid_argument (options, TLS files).
  [[nodiscard]] static Result<std::unique_ptr<RedisStore>> open(const RedisStoreOptions& options,
                                                                const Clock& clock);
  ~RedisStore() override;

  // A value under a key of ours that is no string (someone else's) is a miss. Errors also: overloaded.
  [[nodiscard]] Result<std::vector<std::optional<Bytes>>> find_many(std::span<const BlockKey> keys,
                                                                    Deadline deadline) override;
  // Not all or nothing: after an error some of the entries may be stored. Errors also: overloaded.
  [[nodiscard]] Result<void> put_many(std::span<const StoreEntry> entries,
                                      Deadline deadline) override;
  [[nodiscard]] Result<std::uint64_t> erase_many(std::span<const BlockKey> keys,
                                                 Deadline deadline) override;
  // Stopped by its deadline it has erased a part; calling it again goes on.
  [[nodiscard]] Result<std::uint64_t> erase_group(GroupKind kind, const GroupTag& tag,
                                                  Deadline deadline) override;
  void listen(StoreListener* listener) override;
  [[nodiscard]] StoreHealth health() const override;
  void close() override;
  // Walks all keys of the server (SCAN): for a person who asks, not for each request. Bytes are keys and values, without
  // the server's overhead. Its deadline only, not the command time-out, bounds it.
  [[nodiscard]] Result<StoreUsage> usage(Deadline deadline) override;

  // SET NX PX; a failover may lose a lease. To be given back it needs the right to call EVAL.
  [[nodiscard]] Leases* leases() override { return this; }
  [[nodiscard]] Result<std::optional<LeaseToken>> try_lease(const BlockKey& key,
                                                            std::chrono::milliseconds duration,
                                                            Deadline deadline) override;
  [[nodiscard]] Result<bool> release_lease(const BlockKey& key, const LeaseToken& token,
                                           Deadline deadline) override;

 private:
  struct State;
  explicit RedisStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leyden::cache
