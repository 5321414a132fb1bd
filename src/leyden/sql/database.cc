#include "leyden/sql/database.h"

#include <sys/stat.h>

#include <chrono>
#include <thread>

namespace leyden::sql {

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  sqlite3_stmt* handle = nullptr;
  sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  handle_.reset(handle);
}

Statement& Statement::bind(std::int64_t value) {
  sqlite3_bind_int64(handle_.get(), ++bound_, value);
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  sqlite3_bind_text64(handle_.get(), ++bound_, value.data() != nullptr ? value.data() : "",
                      value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(BytesView value) {
  sqlite3_bind_blob64(handle_.get(), ++bound_,
                      value.data() != nullptr ? static_cast<const void*>(value.data()) : "",
                      value.size(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind(double value) {
  sqlite3_bind_double(handle_.get(), ++bound_, value);
  return *this;
}

Statement& Statement::bind_null() {
  sqlite3_bind_null(handle_.get(), ++bound_);
  return *this;
}

void Statement::reset() {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  bound_ = 0;
}

Result<bool> Statement::step() {
  if (!handle_) return database_.last_error();
  switch (sqlite3_step(handle_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      reset();
      return false;
    default: {
      auto error = database_.last_error();
      reset();
      return error;
    }
  }
}

Result<void> Statement::run() {
  auto stepped = step();
  if (!stepped) return std::unexpected(stepped.error());
  if (*stepped) reset();
  return {};
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  return data == nullptr
             ? std::string_view()
             : std::string_view(
                   data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column)));
}

BytesView Statement::blob(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(handle_.get(), column));
  return {data, data == nullptr
                    ? 0
                    : static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

namespace {

namespace fs = std::filesystem;

// Makes the tables of a new file, or brings an older one to this version; refuses a file that is not ours.
// How long one waits for another who has the file.
constexpr std::chrono::seconds patience(10);

// Two who make a new file at once both read it and then both want it alone: SQLite tells one of them at once that it is busy, without its timeout, since waiting would be a deadlock (sqlite3_busy_handler's reference). That one lets go and comes again.
Result<void> to_write_ahead_log(Database& database) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto set = database.execute("PRAGMA journal_mode = WAL");
    if (set || set.error().code != Errc::overloaded || std::chrono::steady_clock::now() > deadline)
      return set;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Result<void> prepare(Database& database, const std::string& file, const FileKind& kind,
                     OpenMode mode) {
  auto number = [&](const char* sql) -> Result<std::int64_t> {
    Statement read(database, sql);
    auto row = read.step();
    if (!row) return std::unexpected(row.error());
    return read.number(0);
  };
  auto application = number("PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  auto version = number("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  const bool ours = *application == kind.application_id;
  if (ours && *version == kind.schema_version) return {};
  if (ours && *version > kind.schema_version) {
    return fail(Errc::unsupported, "{} was written by a newer Leyden (format {}): update Leyden",
                file, *version);
  }
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::unexpected(transaction.error());
  std::string sql;
  if (ours) {
    // Another process may have done it since.
    version = number("PRAGMA user_version");
    if (!version) return std::unexpected(version.error());
    for (std::int64_t v = *version; v < kind.schema_version; ++v)
      sql += kind.upgrades.at(static_cast<std::size_t>(v - 1));
  } else {
    auto tables = number("SELECT count(*) FROM sqlite_master");
    if (!tables) return std::unexpected(tables.error());
    application = number("PRAGMA application_id");
    if (!application) return std::unexpected(application.error());
    if (*application != kind.application_id) {
      if (*tables != 0) return fail(Errc::corrupt, "{} is a database of another program", file);
      if (mode == OpenMode::existing) return fail(Errc::not_found, "{}{}", file, kind.when_absent);
      sql = kind.schema;
    }
  }
  sql += fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", kind.application_id,
                     kind.schema_version);
  if (auto made = database.execute(sql); !made) return made;
  return transaction->commit();
}

}  // namespace

Result<Database> Database::open(const fs::path& file, const FileKind& kind, OpenMode mode) {
  std::error_code error;
  if (mode == OpenMode::existing && !fs::exists(file, error))
    return fail(Errc::not_found, "{}{}", file.string(), kind.when_absent);
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  if (error)
    return fail(Errc::unavailable, "can't make the folder {}: {}", file.parent_path().string(),
                error.message());
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_READWRITE |
                    (mode == OpenMode::existing ? 0 : SQLITE_OPEN_CREATE);
  const int opened = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  Database database(raw, kind.when_damaged);
  if (opened != SQLITE_OK) return database.last_error();
  ::chmod(file.c_str(), 0600);  // It holds what people wrote.
  sqlite3_busy_timeout(raw, static_cast<int>(std::chrono::milliseconds(patience).count()));
  if (auto set = to_write_ahead_log(database); !set) return std::unexpected(set.error());
  if (auto set = database.execute("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON"); !set)
    return std::unexpected(set.error());
  if (auto prepared = prepare(database, file.string(), kind, mode); !prepared)
    return std::unexpected(prepared.error());
  return database;
}

std::unexpected<Error> Database::last_error() const {
  const char* file = sqlite3_db_filename(handle_.get(), "main");
  const std::string where = file == nullptr ? "the database" : file;
  const int code = sqlite3_errcode(handle_.get());
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return fail(Errc::corrupt, "{} is damaged or not what it should be ({}): {}", where,
                sqlite3_errmsg(handle_.get()), when_damaged_);
  }
  if (code == SQLITE_BUSY)
    return fail(Errc::overloaded, "{} is in use by another process: try again", where);
  return fail(Errc::unavailable, "{}: {}", where, sqlite3_errmsg(handle_.get()));
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return last_error();
  return {};
}

Result<Transaction> Transaction::begin(Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun)
    return std::unexpected(begun.error());
  return Transaction(database);
}

Result<void> Transaction::commit() {
  auto committed = database_->execute("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

Result<Snapshot> Snapshot::begin(Database& database) {
  if (auto begun = database.execute("BEGIN"); !begun) return std::unexpected(begun.error());
  return Snapshot(database);
}

}  // namespace leyden::sql
