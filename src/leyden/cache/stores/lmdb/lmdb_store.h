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
                // some go: see below. It grows past it, up to half as much again, only
                // where readers pin so many old pages that not even an eviction fits.
  std::uint64_t tenant_quota_bytes = 0;  // Of each tenant, "none" included; 0: as much as there is.
  std::chrono::seconds ttl{24 * 3600};   // Of entries that bring none. Counted from the write,
                                         // ±10 % by key; 0: until evicted.
  [[nodiscard]] Result<void> check() const;  // Names the first field out of range.

  // No value may be larger: a sixteenth of the capacity.
  [[nodiscard]] std::uint64_t value_bytes_max() const { return capacity_bytes / 16; }
};

// The embedded store (LMDB 0.9): crash-safe, shared by all processes of one machine, one read
// transaction per find_many. A file that LMDB can't open is moved aside to
// "<folder>.corrupt-<time>", one of another format is removed, and a new one made: the cache is
// rebuilt, never served broken. Survives a killed writer and a killed reader (slots are cleaned at
// open and where they run out).
//
// Who goes: first what has expired (up to 64 entries with every write). Then, of a tenant that is over
// its quota, its own oldest entries. Then, where the file is full, the oldest entries of the tenant
// that has the most bytes: one that has less than an equal part of all that is stored loses nothing
// to others, however much they write. A tenant's bytes are counted exactly, in the file: value + 240
// an entry. Processes that share a folder should have the same options: each keeps its own when it
// writes.
//
// Erasures are heard within 0.2 s of their commit (looked for every 100 ms) in every process that runs
// and listens. There is no link that could break in between: a process that was stopped hears of
// them as soon as it goes on, and one that can't read the file hears lost() after 0.5 s. Keys are
// heard of whether or not the store had them: copies of them may be elsewhere.
//
// Deadlines: waiting for another writer ends at the deadline; a large call is cut into
// transactions and looks at the deadline before each commit. A commit that has begun is not
// interrupted: it lasts as long as the disk's sync. After timed_out a part may be done. While writes
// fail (disk full, read-only), reads go on and health() says why; the next write tries again. One
// process may have a folder open once (LMDB forbids more): the second open answers `unavailable`. Don't
// use it across fork(). docs/formats/lmdb.md has the layout and what a crash can cost.
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
  // Reads no entry of another group. What is written while it runs stays.
  [[nodiscard]] Result<std::uint64_t> erase_group(GroupKind kind, const GroupTag& tag,
                                                  Deadline deadline) override;
  void listen(StoreListener* listener) override;
  [[nodiscard]] StoreHealth health() const override;
  void close() override;
  // Entries whose time is over count until they are swept (by later writes).
  [[nodiscard]] Result<StoreUsage> usage(Deadline deadline) override;
  // The same of one tenant, the budget being its quota.
  [[nodiscard]] Result<StoreUsage> tenant_usage(const GroupTag& tenant, Deadline deadline);

 private:
  struct State;
  explicit LmdbStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leyden::cache
