#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "leyden/cache/stores/lmdb/handles.h"
#include "leyden/cache/stores/lmdb/layout.h"

namespace leyden::cache::lmdb {

// The databases as one table in one transaction: an entry, its place in each order and its tenant's
// tally change together or not at all. Cheap to make; lives no longer than the transaction. Views that
// it gives are valid until the next change. MDB_CORRUPTED where the orders contradict each other.
class Tables {
 public:
  Tables(MDB_txn* txn, const Databases& dbs) : txn_(txn), dbs_(dbs) {}

  struct Entry {
    EntryHeader header;
    BytesView value;
  };
  int find(const BlockKey& key, std::optional<Entry>& out) const;
  // Replaces what is there.
  int put(const BlockKey& key, const EntryHeader& header, BytesView value);
  // `removed` is what was there.
  int remove(const BlockKey& key, std::optional<EntryHeader>& removed);

  // The first ones of a group by sequence, below `sequence_end`: at most `count_max`.
  int oldest_of(GroupKind kind, const GroupTag& tag, std::uint64_t sequence_end,
                std::size_t count_max, std::vector<BlockKey>& out) const;
  // Those whose time is over, longest first.
  int expired(std::int64_t now_s, std::size_t count_max, std::vector<BlockKey>& out) const;

  // Zeros where the tenant has nothing.
  int tally_of(const GroupTag& tenant, Tally& out) const;
  struct Largest {
    GroupTag tenant{};
    std::uint64_t bytes = 0;
    std::uint64_t next_bytes = 0;  // Of the tenant with the most but for this one.
  };
  // The tenant with the most bytes, nothing where there is none. Looks at each.
  int largest_tenant(std::optional<Largest>& out) const;

  int next_sequence(std::uint64_t& out) const;
  int set_next_sequence(std::uint64_t next);

  // Pages that hold something now, in bytes: what LMDB's free list has is not counted.
  int live_bytes(std::uint64_t& out) const;
  int entry_count(std::uint64_t& out) const;

 private:
  int add_to_tally(const GroupTag& tenant, std::int64_t entries, std::int64_t bytes);
  [[nodiscard]] MDB_dbi dbi_of(GroupKind kind) const {
    return kind == GroupKind::tenant ? dbs_.tenants : dbs_.tokenizers;
  }

  MDB_txn* txn_;
  const Databases& dbs_;
};

}  // namespace leyden::cache::lmdb
