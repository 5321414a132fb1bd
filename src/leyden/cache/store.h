#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/deadline.h"
#include "leyden/base/result.h"
#include "leyden/cache/block_key.h"

namespace leyden::cache {

struct StoreEntry {
  BlockKey key;
  Bytes value;
};

struct StoreUsage {
  std::uint64_t entries = 0;
  std::uint64_t bytes_used = 0;    // As the store counts it, overhead included.
  std::uint64_t bytes_budget = 0;  // 0: no bound of its own.
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

  [[nodiscard]] virtual Result<StoreUsage> usage(Deadline deadline) = 0;
};

}  // namespace leyden::cache
