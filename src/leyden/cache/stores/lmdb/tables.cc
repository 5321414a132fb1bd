#include "leyden/cache/stores/lmdb/tables.h"

#include <algorithm>

namespace leyden::cache::lmdb {
namespace {

int put_record(MDB_txn* txn, MDB_dbi dbi, BytesView key, BytesView value) {
  MDB_val k = value_of(key);
  MDB_val v = value_of(value);
  return mdb_put(txn, dbi, &k, &v, 0);
}

// The record must be there.
int delete_record(MDB_txn* txn, MDB_dbi dbi, BytesView key) {
  MDB_val k = value_of(key);
  const int rc = mdb_del(txn, dbi, &k, nullptr);
  return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
}

bool starts_with(const MDB_val& key, const GroupTag& tag) {
  return key.mv_size == sizeof(GroupKey) && std::memcmp(key.mv_data, tag.data(), tag.size()) == 0;
}

int key_of(const MDB_val& value, BlockKey& out) {
  if (value.mv_size != out.bytes.size()) return MDB_CORRUPTED;
  std::memcpy(out.bytes.data(), value.mv_data, out.bytes.size());
  return 0;
}

}  // namespace

int Tables::find(const BlockKey& key, std::optional<Entry>& out) const {
  out.reset();
  MDB_val name = value_of(key.bytes);
  MDB_val found{};
  const int rc = mdb_get(txn_, dbs_.values, &name, &found);
  if (rc == MDB_NOTFOUND) return 0;
  if (rc != 0) return rc;
  const BytesView bytes = view_of(found);
  const auto header = EntryHeader::of(bytes);
  if (!header) return MDB_CORRUPTED;
  out.emplace(*header, bytes.subspan(EntryHeader::kSize));
  return 0;
}

int Tables::put(const BlockKey& key, const EntryHeader& header, BytesView value) {
  std::optional<EntryHeader> replaced;
  if (int rc = remove(key, replaced); rc != 0) return rc;
  MDB_val name = value_of(key.bytes);
  MDB_val place{EntryHeader::kSize + value.size(), nullptr};
  if (int rc = mdb_put(txn_, dbs_.values, &name, &place, MDB_RESERVE); rc != 0) return rc;
  auto* to = static_cast<std::byte*>(place.mv_data);
  header.save_to(to);
  std::ranges::copy(value, to + EntryHeader::kSize);
  for (auto [dbi, tag] :
       {std::pair{dbs_.tenants, &header.tenant}, {dbs_.tokenizers, &header.tokenizer}}) {
    if (int rc = put_record(txn_, dbi, group_key(*tag, header.sequence), key.bytes); rc != 0) {
      return rc;
    }
  }
  if (header.expires_s != 0) {
    const ExpiryKey at = expiry_key(header.expires_s, header.sequence);
    if (int rc = put_record(txn_, dbs_.expiry, at, key.bytes); rc != 0) return rc;
  }
  return add_to_tally(header.tenant, 1, static_cast<std::int64_t>(entry_bytes(value.size())));
}

int Tables::remove(const BlockKey& key, std::optional<EntryHeader>& removed) {
  removed.reset();
  std::optional<Entry> entry;
  if (int rc = find(key, entry); rc != 0 || !entry) return rc;
  const EntryHeader header = entry->header;
  const std::uint64_t bytes = entry_bytes(entry->value.size());
  for (auto [dbi, tag] :
       {std::pair{dbs_.tenants, &header.tenant}, {dbs_.tokenizers, &header.tokenizer}}) {
    if (int rc = delete_record(txn_, dbi, group_key(*tag, header.sequence)); rc != 0) return rc;
  }
  if (header.expires_s != 0) {
    const ExpiryKey at = expiry_key(header.expires_s, header.sequence);
    if (int rc = delete_record(txn_, dbs_.expiry, at); rc != 0) return rc;
  }
  if (int rc = delete_record(txn_, dbs_.values, key.bytes); rc != 0) return rc;
  removed = header;
  return add_to_tally(header.tenant, -1, -static_cast<std::int64_t>(bytes));
}

int Tables::oldest_of(GroupKind kind, const GroupTag& tag, std::uint64_t sequence_end,
                      std::size_t count_max, std::vector<BlockKey>& out) const {
  out.clear();
  Cursor cursor;
  if (int rc = cursor.open(txn_, dbi_of(kind)); rc != 0) return rc;
  const GroupKey first = group_key(tag, 0);
  MDB_val place = value_of(first);
  MDB_val name{};
  int rc = mdb_cursor_get(cursor.get(), &place, &name, MDB_SET_RANGE);
  for (; rc == 0 && out.size() < count_max && starts_with(place, tag);
       rc = mdb_cursor_get(cursor.get(), &place, &name, MDB_NEXT)) {
    const auto* sequence = static_cast<const std::byte*>(place.mv_data) + tag.size();
    if (load<std::uint64_t>(sequence, std::endian::big) >= sequence_end) break;
    if (int wrong = key_of(name, out.emplace_back()); wrong != 0) return wrong;
  }
  return rc == MDB_NOTFOUND ? 0 : rc;
}

int Tables::expired(std::int64_t now_s, std::size_t count_max, std::vector<BlockKey>& out) const {
  out.clear();
  Cursor cursor;
  if (int rc = cursor.open(txn_, dbs_.expiry); rc != 0) return rc;
  MDB_val place{};
  MDB_val name{};
  int rc = mdb_cursor_get(cursor.get(), &place, &name, MDB_FIRST);
  for (; rc == 0 && out.size() < count_max;
       rc = mdb_cursor_get(cursor.get(), &place, &name, MDB_NEXT)) {
    if (place.mv_size != sizeof(ExpiryKey)) return MDB_CORRUPTED;
    const auto* expires = static_cast<const std::byte*>(place.mv_data);
    if (load<std::int64_t>(expires, std::endian::big) > now_s) break;
    if (int wrong = key_of(name, out.emplace_back()); wrong != 0) return wrong;
  }
  return rc == MDB_NOTFOUND ? 0 : rc;
}

int Tables::tally_of(const GroupTag& tenant, Tally& out) const {
  out = {};
  MDB_val tag = value_of(tenant);
  MDB_val value{};
  const int rc = mdb_get(txn_, dbs_.tallies, &tag, &value);
  if (rc == MDB_NOTFOUND) return 0;
  if (rc != 0) return rc;
  const auto tally = Tally::of(view_of(value));
  if (!tally) return MDB_CORRUPTED;
  out = *tally;
  return 0;
}

int Tables::add_to_tally(const GroupTag& tenant, std::int64_t entries, std::int64_t bytes) {
  Tally tally;
  if (int rc = tally_of(tenant, tally); rc != 0) return rc;
  tally.entries += static_cast<std::uint64_t>(entries);
  tally.bytes += static_cast<std::uint64_t>(bytes);
  if (tally.entries == 0) return delete_record(txn_, dbs_.tallies, tenant);
  return put_record(txn_, dbs_.tallies, tenant, tally.bytes_of());
}

int Tables::largest_tenant(std::optional<Largest>& out) const {
  out.reset();
  Cursor cursor;
  if (int rc = cursor.open(txn_, dbs_.tallies); rc != 0) return rc;
  MDB_val tag{};
  MDB_val value{};
  int rc = mdb_cursor_get(cursor.get(), &tag, &value, MDB_FIRST);
  for (; rc == 0; rc = mdb_cursor_get(cursor.get(), &tag, &value, MDB_NEXT)) {
    const auto tally = Tally::of(view_of(value));
    if (!tally || tag.mv_size != sizeof(GroupTag)) return MDB_CORRUPTED;
    if (!out || tally->bytes > out->bytes) {
      const std::uint64_t next = out ? out->bytes : 0;
      out.emplace();
      std::memcpy(out->tenant.data(), tag.mv_data, tag.mv_size);
      out->bytes = tally->bytes;
      out->next_bytes = next;
    } else {
      out->next_bytes = std::max(out->next_bytes, tally->bytes);
    }
  }
  return rc == MDB_NOTFOUND ? 0 : rc;
}

int Tables::next_sequence(std::uint64_t& out) const {
  out = 1;
  MDB_val name = value_of(as_bytes("sequence"));
  MDB_val value{};
  const int rc = mdb_get(txn_, dbs_.meta, &name, &value);
  if (rc == MDB_NOTFOUND) return 0;
  if (rc != 0) return rc;
  if (value.mv_size != sizeof(out)) return MDB_CORRUPTED;
  out = load<std::uint64_t>(view_of(value).data());
  return 0;
}

int Tables::set_next_sequence(std::uint64_t next) {
  std::array<std::byte, 8> value{};
  save(value.data(), next);
  return put_record(txn_, dbs_.meta, as_bytes("sequence"), value);
}

int Tables::live_bytes(std::uint64_t& out) const {
  out = 0;
  for (MDB_dbi dbi : {dbs_.values, dbs_.tenants, dbs_.tokenizers, dbs_.expiry, dbs_.tallies,
                      dbs_.log, dbs_.meta}) {
    MDB_stat stat{};
    if (int rc = mdb_stat(txn_, dbi, &stat); rc != 0) return rc;
    out += (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
  }
  return 0;
}

int Tables::entry_count(std::uint64_t& out) const {
  MDB_stat stat{};
  const int rc = mdb_stat(txn_, dbs_.values, &stat);
  out = stat.ms_entries;
  return rc;
}

}  // namespace leyden::cache::lmdb
