#pragma once

#include <cstdint>

#include "leyden/cache/stores/lmdb/tables.h"

namespace leyden::cache::lmdb {

// Who goes, and when. All of it happens inside a write transaction of the caller's.

// Removes at most `count_max` entries whose time is over.
int sweep_expired(Tables& tables, std::int64_t now_s, std::size_t count_max);

// Takes from the tenant itself, its oldest written first, until it has at most `quota_bytes`.
int keep_quota(Tables& tables, const GroupTag& tenant, std::uint64_t quota_bytes);

// Makes room: until the live pages are at most `limit_bytes`, or `count_max` entries are gone; `enough`
// says which. The tenant that has the most bytes gives first, its oldest written first. So a
// tenant that has less than an equal part of what is stored loses nothing to the others, however much they write.
int evict_down_to(Tables& tables, std::uint64_t limit_bytes, std::uint64_t count_max, bool& enough);

}  // namespace leyden::cache::lmdb
