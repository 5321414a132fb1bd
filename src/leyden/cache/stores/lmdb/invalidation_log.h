#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "leyden/cache/stores/lmdb/handles.h"
#include "leyden/cache/stores/lmdb/layout.h"

namespace leyden::cache::lmdb {

// What was erased lately, numbered from 1, so that every process hears of every erasure: written in the
// transaction that erases, followed by each listening process at its own pace. Bounded: the oldest
// records go, and who had not read them yet is told that it missed some.

int log_erased(MDB_txn* txn, const Databases& dbs, std::span<const BlockKey> keys);
int log_erased_group(MDB_txn* txn, const Databases& dbs, GroupKind kind, const GroupTag& tag);
// Down to that many bytes of pages; the newest record always stays.
int trim_log(MDB_txn* txn, const Databases& dbs, std::uint64_t bytes_max);

// The number of the newest record, 0 when there is none yet.
int log_position(MDB_txn* txn, const Databases& dbs, std::uint64_t& out);

struct LogRecords {
  std::vector<Bytes> records;
  std::uint64_t position = 0;  // Of the last of them.
  bool missed = false;         // There were others before them.
};
// The next ones after `position`, at most `count_max`.
int read_log(MDB_txn* txn, const Databases& dbs, std::uint64_t position, std::size_t count_max,
             LogRecords& out);
// Hands one to the listener; false when it is none that this version writes.
bool tell(BytesView record, StoreListener& listener);

}  // namespace leyden::cache::lmdb
