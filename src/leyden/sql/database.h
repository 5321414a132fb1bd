#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"

namespace leyden::sql {

// A kind of file that Leyden keeps: whose it is, which version of its tables, and what to tell when it is damaged.
struct FileKind {
  std::int32_t application_id = 0;  // PRAGMA application_id: tells our files from others'.
  std::int64_t schema_version = 1;  // PRAGMA user_version.
  // The statement that makes the tables of a new file.
  std::string schema;
  // upgrades[v - 1] brings a file of version v to v + 1; as many as there are versions but the newest.
  std::vector<std::string> upgrades;
  // Ends the message about a damaged or foreign file: "delete it and run `leyden index` again".
  std::string when_damaged;
  // The whole message, behind the file's name, where a file that is opened for reading is not there.
  std::string when_absent;
};

enum class OpenMode { read_write, existing };  // existing: never makes a file.

// A connection to one SQLite file in WAL mode, with foreign keys. Waits up to 10 s for other processes. Thread-safe as far as
// SQLite's serialized mode is: a statement and its rows are one thread's.
class Database {
 public:
  // Makes the folder, the file (readable by its owner only) and its tables where they are not there, and brings an older file
  // to this version. Errors: not_found (mode existing: no such file), unavailable (can't be opened: says which), corrupt (damaged, or
  // another program's), unsupported (a newer Leyden's).
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& file,
                                             const FileKind& kind,
                                             OpenMode mode = OpenMode::read_write);

  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }
  // Statements that give no rows, separated by semicolons.
  [[nodiscard]] Result<void> execute(const std::string& sql);
  [[nodiscard]] std::int64_t last_insert_id() const {
    return sqlite3_last_insert_rowid(handle_.get());
  }
  // Rows that the last INSERT, UPDATE or DELETE changed.
  [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }
  // SQLite's last error on this connection as ours: corrupt for a damaged or foreign file, overloaded when others hold it for
  // too long, else unavailable.
  [[nodiscard]] std::unexpected<Error> last_error() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  Database(sqlite3* handle, std::string when_damaged)
      : handle_(handle), when_damaged_(std::move(when_damaged)) {}
  std::unique_ptr<sqlite3, Close> handle_;
  std::string when_damaged_;
};

// One prepared statement, reset before each use. Confined to one thread; its database outlives it. Views from text() and blob() end
// with the next step.
class Statement {
 public:
  // A statement that does not compile is told by step().
  Statement(Database& database, std::string_view sql);

  Statement& bind(std::int64_t number);
  Statement& bind(std::string_view text);
  Statement& bind(BytesView blob);
  Statement& bind(double number);
  Statement& bind_null();
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
  [[nodiscard]] bool is_null(int column) const {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
  }
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] BytesView blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bound_ = 0;
};

// BEGIN IMMEDIATE until commit(); rolled back when it goes out of scope before.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (database_ != nullptr) (void)database_->execute("ROLLBACK");
  }
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

// All reads see the file as it was at the first of them, until it goes out of scope; nobody waits for it.
class Snapshot {
 public:
  [[nodiscard]] static Result<Snapshot> begin(Database& database);
  Snapshot(Snapshot&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot() {
    if (database_ != nullptr) (void)database_->execute("ROLLBACK");
  }

 private:
  explicit Snapshot(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace leyden::sql
