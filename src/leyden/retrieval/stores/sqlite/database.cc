#include "leyden/retrieval/stores/sqlite/database.h"

namespace leyden::retrieval {

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  sqlite3_stmt* handle = nullptr;
  sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
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

void Statement::reset() {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  bound_ = 0;
}

Result<bool> Statement::step() {
  if (!handle_) return database_error(database_);
  switch (sqlite3_step(handle_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      reset();
      return false;
    default: {
      auto error = database_error(database_);
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

std::unexpected<Error> database_error(sqlite3* database) {
  const char* file = sqlite3_db_filename(database, "main");
  std::string where = file == nullptr ? "the index" : file;
  int code = sqlite3_errcode(database);
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return fail(Errc::corrupt,
                "{} is damaged or no index ({}): delete it and run `leyden index` again", where,
                sqlite3_errmsg(database));
  }
  if (code == SQLITE_BUSY)
    return fail(Errc::overloaded, "{} is in use by another process: try again", where);
  return fail(Errc::unavailable, "{}: {}", where, sqlite3_errmsg(database));
}

Result<void> execute(sqlite3* database, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return database_error(database);
  return {};
}

Result<Transaction> Transaction::begin(sqlite3* database) {
  if (auto begun = execute(database, "BEGIN IMMEDIATE"); !begun)
    return std::unexpected(begun.error());
  return Transaction(database);
}

Result<void> Transaction::commit() {
  auto committed = execute(database_, "COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace leyden::retrieval
