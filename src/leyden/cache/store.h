#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/deadline.h"
#include "leyden/base/result.h"
#include "leyden/cache/block_key.h"
#include "leyden/cache/group_tag.h"

namespace leyden::cache {

struct StoreEntry {
  BlockKey key;
  Bytes value;
  GroupTag tenant{};  // Whose quota it counts against.
  GroupTag tokenizer{};
  std::chrono::seconds ttl{0};  // 0: the store's own.
};

struct StoreUsage {
  std::uint64_t entries = 0;
  std::uint64_t bytes_used = 0;    // As the store counts it, overhead included.
  std::uint64_t bytes_budget = 0;  // 0: no bound of its own.
};

// Hears of entries that are gone from a store, whoever erased them: what was copied from there is to be forgotten. Called from
// the store's own threads, also for this process's own erasures; must return soon and not call the store.
class StoreListener {
 public:
  virtual ~StoreListener() = default;
  virtual void erased(std::span<const BlockKey> keys) = 0;
  virtual void erased_group(GroupKind kind, const GroupTag& tag) = 0;
  // Erasures may have gone unheard (a lost connection, a reader that fell behind): all copies are to be forgotten.
  virtual void lost() = 0;
};

enum class StoreState : std::uint8_t {
  on,
  degraded,  // Answers, but not all of it or slowly: see the reason.
  off,       // Its breaker is open or it is closed: calls answer `unavailable` at once.
};

struct StoreHealth {
  StoreState state = StoreState::on;
  std::string reason;  // For a person; empty when on.
};

// Leases across processes, so that one of them computes what all of them lack: a hint that saves work, no lock. Thread-safe.
using LeaseToken = std::string;
class Leases {
 public:
  virtual ~Leases() = default;
  // Ends by itself after `duration`. Empty: someone else has it.
  [[nodiscard]] virtual Result<std::optional<LeaseToken>> try_lease(
      const BlockKey& key, std::chrono::milliseconds duration, Deadline deadline) = 0;
  // False: it had ended already.
  [[nodiscard]] virtual Result<bool> release_lease(const BlockKey& key, const LeaseToken& token,
                                                   Deadline deadline) = 0;
};

// Bytes by key, in this process, on disk or across a network. What is stored may be gone at any
// time. Thread-safe. Calls may block, but not past `deadline`.
class Store {
 public:
  virtual ~Store() = default;

  // One answer per key, in the order of `keys`, empty where there is none: a miss is an answer, not
  // a failure. Errors: timed_out, unavailable, corrupt. The caller may go on as after a miss.
  [[nodiscard]] virtual Result<std::vector<std::optional<Bytes>>> find_many(
      std::span<const BlockKey> keys, Deadline deadline) = 0;

  // Stores all or reports why not; entries that are there already are replaced.
  // Errors: timed_out, unavailable (disk full, read-only), invalid_argument (a value over the
  // store's limit).
  [[nodiscard]] virtual Result<void> put_many(std::span<const StoreEntry> entries,
                                              Deadline deadline) = 0;

  // How many of the keys were there and are gone now.
  [[nodiscard]] virtual Result<std::uint64_t> erase_many(std::span<const BlockKey> keys,
                                                         Deadline deadline) = 0;

  // The same for all entries of a group, those that others are writing meanwhile perhaps not among them.
  [[nodiscard]] virtual Result<std::uint64_t> erase_group(GroupKind kind, const GroupTag& tag,
                                                          Deadline deadline) = 0;

  // From now on `listener` hears within a second on a healthy link of what is erased, by whatever process; nullptr ends it: no call
  // is under way any more when this returns. How late at most on a broken link: each store says.
  virtual void listen(StoreListener* listener) = 0;

  [[nodiscard]] virtual StoreHealth health() const = 0;

  // Null where the store has none. As long-lived as the store.
  [[nodiscard]] virtual Leases* leases() { return nullptr; }

  // Ends what is under way and lets go of connections, files, threads. Idempotent; later calls answer `unavailable`.
  virtual void close() = 0;

  [[nodiscard]] virtual Result<StoreUsage> usage(Deadline deadline) = 0;
};

}  // namespace leyden::cache
