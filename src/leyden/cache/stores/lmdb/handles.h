#pragma once

#include <string_view>
#include <utility>

#include <lmdb.h>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"
#include "leyden/cache/gate.h"

namespace leyden::cache::lmdb {

// LMDB's handles with owners, and its values as ours. Functions here and in the files on top of it that
// return an int return LMDB's codes: 0, MDB_... or errno.

[[nodiscard]] inline MDB_val value_of(BytesView bytes) {
  return {bytes.size(), const_cast<std::byte*>(bytes.data())};  // LMDB does not write through it.
}
[[nodiscard]] inline BytesView view_of(const MDB_val& value) {
  return {static_cast<const std::byte*>(value.mv_data), value.mv_size};
}

[[nodiscard]] Errc code_of(int rc);
[[nodiscard]] std::unexpected<Error> lmdb_error(std::string_view what, int rc);

// Aborts unless committed. A write transaction stays on its thread. The pass keeps the map where it is.
class Transaction {
 public:
  Transaction(MDB_txn* txn, Gate::Pass pass) : txn_(txn), pass_(std::move(pass)) {}
  Transaction(Transaction&& other) noexcept
      : txn_(std::exchange(other.txn_, nullptr)), pass_(std::move(other.pass_)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }
  [[nodiscard]] MDB_txn* get() const { return txn_; }
  [[nodiscard]] int commit() { return mdb_txn_commit(std::exchange(txn_, nullptr)); }

 private:
  MDB_txn* txn_;
  Gate::Pass pass_;
};

// In a write transaction it must end before the commit, which frees it, too.
class Cursor {
 public:
  Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }
  [[nodiscard]] int open(MDB_txn* txn, MDB_dbi dbi) { return mdb_cursor_open(txn, dbi, &cursor_); }
  [[nodiscard]] MDB_cursor* get() const { return cursor_; }

 private:
  MDB_cursor* cursor_ = nullptr;
};

}  // namespace leyden::cache::lmdb
