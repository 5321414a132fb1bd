#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "leyden/base/clock.h"
#include "leyden/cache/store.h"

namespace leyden::cache {

struct LmdbStoreOptions {
  std::filesystem::path folder;              // Made when missing (mode 0700: token IDs are text).
  std::uint64_t capacity_bytes = 1 * GiB;    // Of the file; entries are evicted, oldest written first, to stay below.
  std::chrono::seconds ttl{24 * 3600};       // Counted from the write, ±10 % by key; 0: until evicted.
  [[nodiscard]] Result<void> check() const;  // Names the first field out of range.
};

// The embedded store (LMDB 0.9): crash-safe, shared by all processes of one machine, one read transaction per
// find_many. A file that LMDB can't open is moved aside to "<folder>.corrupt-<time>" and a new one made: the
// cache is rebuilt, never served broken. Survives a killed writer and a killed reader (slots are cleaned at open).
class LmdbStore final : public Store {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LmdbStore>> open(const LmdbStoreOptions& options,
                                                               const Clock& clock);
  ~LmdbStore() override;

  [[nodiscard]] Result<std::vector<std::optional<Bytes>>> find_many(std::span<const BlockKey> keys,
                                                                    Deadline deadline) override;
  [[nodiscard]] Result<void> put_many(std::span<const StoreEntry> entries,
                                      Deadline deadline) override;
  [[nodiscard]] Result<std::uint64_t> erase_many(std::span<const BlockKey> keys,
                                                 Deadline deadline) override;
  [[nodiscard]] Result<StoreUsage> usage(Deadline deadline) override;

 private:
  struct State;
  explicit LmdbStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leyden::cache
