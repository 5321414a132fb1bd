#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "leyden/base/clock.h"
#include "leyden/cache/store.h"

namespace leyden::cache {

struct LmdbStoreOptions {
  std::filesystem::path
      folder;  // Made when missing (mode 0700: token IDs are text). Not on a network drive.
  std::uint64_t capacity_bytes =
      1 * GiB;  // Of the data file, at least 4 MiB. Entries take up to three quarters, then
                // the oldest written go. It grows past it, up to half as much again, only
                // where readers pin so many old pages that not even an eviction fits.
  std::chrono::seconds ttl{24 * 3600};  // Counted from the write, ±10 % by key; 0: until evicted.
  [[nodiscard]] Result<void> check() const;  // Names the first field out of range.

  // No value may be larger: a sixteenth of the capacity.
  [[nodiscard]] std::uint64_t value_bytes_max() const { return capacity_bytes / 16; }
};

// The embedded store (LMDB 0.9): crash-safe, shared by all processes of one machine, one read
// transaction per find_many. A file that LMDB can't open is moved aside to
// "<folder>.corrupt-<time>" and a new one made: the cache is rebuilt, never served broken. Survives
// a killed writer and a killed reader (slots are cleaned at open).
//
// Deadlines: waiting for another writer ends at the deadline; a large put_many is cut into
// transactions and looks at the deadline before each commit. A commit that has begun is not
// interrupted: it lasts as long as the disk's sync. After timed_out some of the entries may be
// stored. One process may have a folder open once (LMDB forbids more): the second open answers
// `unavailable`. Don't use it across fork(). docs/formats/lmdb.md has the layout and what a crash
// can cost.
class LmdbStore final : public Store {
 public:
  // Errors: invalid_argument (options), unavailable (folder, permissions, open already in this
  // process).
  [[nodiscard]] static Result<std::unique_ptr<LmdbStore>> open(const LmdbStoreOptions& options,
                                                               const Clock& clock);
  ~LmdbStore() override;

  [[nodiscard]] Result<std::vector<std::optional<Bytes>>> find_many(std::span<const BlockKey> keys,
                                                                    Deadline deadline) override;
  [[nodiscard]] Result<void> put_many(std::span<const StoreEntry> entries,
                                      Deadline deadline) override;
  [[nodiscard]] Result<std::uint64_t> erase_many(std::span<const BlockKey> keys,
                                                 Deadline deadline) override;
  [[nodiscard]] Result<std::uint64_t> erase_group(GroupKind kind, const GroupTag& tag,
                                                  Deadline deadline) override;
  void listen(StoreListener* listener) override;
  [[nodiscard]] StoreHealth health() const override;
  void close() override;
  // Entries whose time is over count until they are swept (by later writes).
  [[nodiscard]] Result<StoreUsage> usage(Deadline deadline) override;

 private:
  struct State;
  explicit LmdbStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leyden::cache
