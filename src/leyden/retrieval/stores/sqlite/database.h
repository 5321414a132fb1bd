#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"

namespace leyden::retrieval {

// One prepared statement, reset before each use. Confined to its database's thread. Views from column_* end with the next step.
class Statement {
 public:
  Statement(sqlite3* database,
            std::string_view sql);  // A statement that does not compile is told by step().

  Statement& bind(std::int64_t number);
  Statement& bind(std::string_view text);
  Statement& bind(BytesView blob);
  // True: a row is there. False: done. Resets itself when done or failed, so that bind() begins anew.
  [[nodiscard]] Result<bool> step();
  // For statements that give no rows.
  [[nodiscard]] Result<void> run();
  void reset();

  [[nodiscard]] std::int64_t number(int column) const {
    return sqlite3_column_int64(handle_.get(), column);
  }
  [[nodiscard]] double real(int column) const {
    return sqlite3_column_double(handle_.get(), column);
  }
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] BytesView blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bound_ = 0;
};

// SQLite's last error on this connection as ours: corrupt for a damaged or foreign file, else unavailable.
[[nodiscard]] std::unexpected<Error> database_error(sqlite3* database);

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

[[nodiscard]] Result<void> execute(sqlite3* database, const std::string& sql);

// BEGIN IMMEDIATE until commit(); rolled back when it goes out of scope before.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(sqlite3* database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (database_ != nullptr) (void)execute(database_, "ROLLBACK");
  }
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

}  // namespace leyden::retrieval
