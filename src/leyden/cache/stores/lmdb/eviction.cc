#include "leyden/cache/stores/lmdb/eviction.h"

#include <limits>

namespace leyden::cache::lmdb {
namespace {

constexpr std::uint64_t kAnySequence = std::numeric_limits<std::uint64_t>::max();

// An index's record always has its entry.
int remove_known(Tables& tables, const BlockKey& key) {
  std::optional<EntryHeader> removed;
  if (int rc = tables.remove(key, removed); rc != 0) return rc;
  return removed ? 0 : MDB_CORRUPTED;
}

int evict_oldest_of(Tables& tables, const GroupTag& tenant) {
  std::vector<BlockKey> oldest;
  if (int rc = tables.oldest_of(GroupKind::tenant, tenant, kAnySequence, 1, oldest); rc != 0) {
    return rc;
  }
  return oldest.empty() ? MDB_CORRUPTED : remove_known(tables, oldest.front());
}

}  // namespace

int sweep_expired(Tables& tables, std::int64_t now_s, std::size_t count_max) {
  std::vector<BlockKey> keys;
  if (int rc = tables.expired(now_s, count_max, keys); rc != 0) return rc;
  for (const BlockKey& key : keys) {
    if (int rc = remove_known(tables, key); rc != 0) return rc;
  }
  return 0;
}

int keep_quota(Tables& tables, const GroupTag& tenant, std::uint64_t quota_bytes) {
  while (true) {
    Tally tally;
    if (int rc = tables.tally_of(tenant, tally); rc != 0) return rc;
    if (tally.bytes <= quota_bytes) return 0;
    if (int rc = evict_oldest_of(tables, tenant); rc != 0) return rc;
  }
}

int evict_down_to(Tables& tables, std::uint64_t limit_bytes, std::uint64_t count_max,
                  bool& enough) {
  std::optional<Tables::Largest> victim;
  for (std::uint64_t count = 0;; ++count) {
    std::uint64_t live = 0;
    if (int rc = tables.live_bytes(live); rc != 0) return rc;
    enough = live <= limit_bytes;
    if (enough || count == count_max) return 0;
    // All tenants are looked at again only once this one has no more than the next.
    Tally tally;
    if (victim) {
      if (int rc = tables.tally_of(victim->tenant, tally); rc != 0) return rc;
    }
    if (tally.entries == 0 || tally.bytes <= victim->next_bytes) {
      if (int rc = tables.largest_tenant(victim); rc != 0) return rc;
      if (!victim) {
        enough = true;  // Nothing is left to evict.
        return 0;
      }
    }
    if (int rc = evict_oldest_of(tables, victim->tenant); rc != 0) return rc;
  }
}

}  // namespace leyden::cache::lmdb
