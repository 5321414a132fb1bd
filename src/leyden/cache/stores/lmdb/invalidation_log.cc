#include "leyden/cache/stores/lmdb/invalidation_log.h"

#include <algorithm>

namespace leyden::cache::lmdb {
namespace {

enum class Kind : std::uint8_t { keys = 0, tenant = 1, tokenizer = 2 };

int position_of(const MDB_val& key, std::uint64_t& out) {
  if (key.mv_size != sizeof(NumberKey)) return MDB_CORRUPTED;
  out = load<std::uint64_t>(static_cast<const std::byte*>(key.mv_data), std::endian::big);
  return 0;
}

// Gives the new record's bytes behind its kind.
int append(MDB_txn* txn, const Databases& dbs, Kind kind, std::size_t size, std::byte*& to) {
  std::uint64_t last = 0;
  if (int rc = log_position(txn, dbs, last); rc != 0) return rc;
  const NumberKey number = number_key(last + 1);
  MDB_val key = value_of(number);
  MDB_val value{1 + size, nullptr};
  const int rc = mdb_put(txn, dbs.log, &key, &value, MDB_RESERVE | MDB_APPEND);
  if (rc != 0) return rc;
  to = static_cast<std::byte*>(value.mv_data);
  *to++ = static_cast<std::byte>(kind);
  return 0;
}

}  // namespace

int log_erased(MDB_txn* txn, const Databases& dbs, std::span<const BlockKey> keys) {
  std::byte* to = nullptr;
  if (int rc = append(txn, dbs, Kind::keys, keys.size() * kKeySize, to); rc != 0) return rc;
  for (const BlockKey& key : keys) to = std::ranges::copy(key.bytes, to).out;
  return 0;
}

int log_erased_group(MDB_txn* txn, const Databases& dbs, GroupKind kind, const GroupTag& tag) {
  std::byte* to = nullptr;
  const Kind written = kind == GroupKind::tenant ? Kind::tenant : Kind::tokenizer;
  if (int rc = append(txn, dbs, written, tag.size(), to); rc != 0) return rc;
  std::ranges::copy(tag, to);
  return 0;
}

int trim_log(MDB_txn* txn, const Databases& dbs, std::uint64_t bytes_max) {
  while (true) {
    MDB_stat stat{};
    if (int rc = mdb_stat(txn, dbs.log, &stat); rc != 0) return rc;
    const std::uint64_t pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    if (pages * stat.ms_psize <= bytes_max || stat.ms_entries <= 1) return 0;
    Cursor cursor;
    if (int rc = cursor.open(txn, dbs.log); rc != 0) return rc;
    MDB_val key{};
    MDB_val value{};
    if (int rc = mdb_cursor_get(cursor.get(), &key, &value, MDB_FIRST); rc != 0) return rc;
    if (int rc = mdb_cursor_del(cursor.get(), 0); rc != 0) return rc;
  }
}

int log_position(MDB_txn* txn, const Databases& dbs, std::uint64_t& out) {
  out = 0;
  Cursor cursor;
  if (int rc = cursor.open(txn, dbs.log); rc != 0) return rc;
  MDB_val key{};
  MDB_val value{};
  const int rc = mdb_cursor_get(cursor.get(), &key, &value, MDB_LAST);
  if (rc == MDB_NOTFOUND) return 0;
  return rc != 0 ? rc : position_of(key, out);
}

int read_log(MDB_txn* txn, const Databases& dbs, std::uint64_t position, std::size_t count_max,
             LogRecords& out) {
  out = {};
  out.position = position;
  Cursor cursor;
  if (int rc = cursor.open(txn, dbs.log); rc != 0) return rc;
  const NumberKey next = number_key(position + 1);
  MDB_val key = value_of(next);
  MDB_val value{};
  int rc = mdb_cursor_get(cursor.get(), &key, &value, MDB_SET_RANGE);
  for (; rc == 0 && out.records.size() < count_max;
       rc = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT)) {
    std::uint64_t number = 0;
    if (int wrong = position_of(key, number); wrong != 0) return wrong;
    out.missed = out.missed || number != out.position + 1;
    out.position = number;
    const BytesView bytes = view_of(value);
    out.records.emplace_back(bytes.begin(), bytes.end());
  }
  return rc == MDB_NOTFOUND ? 0 : rc;
}

bool tell(BytesView record, StoreListener& listener) {
  if (record.empty()) return false;
  const BytesView rest = record.subspan(1);
  switch (const auto kind = static_cast<Kind>(record[0])) {
    case Kind::keys: {
      if (rest.size() % kKeySize != 0) return false;
      std::vector<BlockKey> keys(rest.size() / kKeySize);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        std::ranges::copy(rest.subspan(i * kKeySize, kKeySize), keys[i].bytes.begin());
      }
      listener.erased(keys);
      return true;
    }
    case Kind::tenant:
    case Kind::tokenizer: {
      GroupTag tag{};
      if (rest.size() != tag.size()) return false;
      std::ranges::copy(rest, tag.begin());
      listener.erased_group(kind == Kind::tenant ? GroupKind::tenant : GroupKind::tokenizer, tag);
      return true;
    }
  }
  return false;
}

}  // namespace leyden::cache::lmdb
