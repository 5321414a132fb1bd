#include "leyden/retrieval/stores/sqlite/sqlite_index.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/retrieval/query.h"
#include "leyden/retrieval/stores/sqlite/sqlite_update.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {
namespace {

namespace fs = std::filesystem;

// Every scope has a full-text table of its own: its word statistics are its own, too.
constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS scopes(id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, collection TEXT NOT NULL, UNIQUE(tenant, collection));
CREATE TABLE IF NOT EXISTS documents(
  id INTEGER PRIMARY KEY, scope INTEGER NOT NULL REFERENCES scopes(id), root BLOB NOT NULL, path BLOB NOT NULL, name TEXT NOT NULL,
  digest BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, read_ns INTEGER NOT NULL, UNIQUE(scope, root, path));
CREATE TABLE IF NOT EXISTS passages(
  id INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES documents(id), first_line INTEGER NOT NULL, last_line INTEGER NOT NULL,
  bytes INTEGER NOT NULL, content BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS passages_of_document ON passages(document);
)";

const sql::FileKind& file_kind() {
  static const sql::FileKind kind{
      .application_id = 0x4C59444E,  // "LYDN"
      .schema_version = 1,
      .schema = kSchema,
      .upgrades = {},
      .when_damaged = "delete it and run `leyden index` again",
      .when_absent = " is not there, nothing is indexed yet: run `leyden index FOLDER` first"};
  return kind;
}

class SqliteIndex final : public Index {
 public:
  SqliteIndex(sql::Database reader, SqliteIndexOptions options)
      : options_(std::move(options)), reader_(std::move(reader)) {}

  Result<UpdateReport> update(const fs::path& folder, const UpdateOptions& options,
                              const std::function<void(const UpdateProgress&)>& on_progress,
                              std::stop_token stop) override {
    if (auto good = options.check(); !good) return std::unexpected(good.error());
    if (options_.read_only)
      return fail(Errc::invalid_argument, "the index is open for reading only");
    auto lock = UpdateLock::take(options_.file, stop);
    if (!lock) return std::unexpected(lock.error());
    // A connection of its own: searches go on beside it.
    auto writer = sql::Database::open(options_.file, file_kind());
    if (!writer) return std::unexpected(writer.error());
    return update_scope(*writer, folder, options, on_progress, std::move(stop));
  }

  Result<SearchAnswer> search(const SearchRequest& request) override {
    if (auto good = request.check(); !good) return std::unexpected(good.error());
    SearchAnswer answer;
    std::string words = full_text_query(utf8::replace_invalid(request.query));
    if (words.empty()) return answer;
    std::lock_guard lock(mutex_);
    auto table = table_of(request.scope);
    if (!table) return std::unexpected(table.error());
    if (table->empty()) return answer;
    // Words in the file's name count double, parts of identifiers half.
    sql::Statement search(
        reader_, fmt::format("SELECT d.name, p.first_line, p.last_line, t.body, p.content, "
                             "bm25({0}, 2.0, 1.0, 0.5) AS rank FROM {0} t "
                             "JOIN passages p ON p.id = t.rowid JOIN documents d ON d.id = "
                             "p.document WHERE {0} MATCH ? "
                             "ORDER BY rank, d.name, p.first_line, p.id LIMIT ?",
                             *table));
    search.bind(words).bind(
        static_cast<std::int64_t>(std::min<std::size_t>(request.top_k, 1'000'000)));
    while (true) {
      auto row = search.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return answer;
      auto passage = read_passage(search);
      if (!passage) return std::unexpected(passage.error());
      passage->score = -search.real(5);
      answer.passages.push_back(*std::move(passage));
    }
  }

  Result<PassagePage> list(const Scope& scope, const ListRequest& request) override {
    if (auto good = scope.check(); !good) return std::unexpected(good.error());
    if (request.limit == 0) return fail(Errc::invalid_argument, "a page of 0 passages");
    std::lock_guard lock(mutex_);
    auto table = table_of(scope);
    if (!table) return std::unexpected(table.error());
    PassagePage page;
    if (table->empty()) return page;
    // Not LIKE: its pattern characters may be in names.
    const std::string_view where = request.document.empty() ? "?1 = ''"
                                   : request.document.ends_with('/')
                                       ? "substr(d.name, 1, length(?1)) = ?1"
                                       : "d.name = ?1";
    sql::Statement read(
        reader_, fmt::format("SELECT d.name, p.first_line, p.last_line, t.body, p.content, p.id "
                             "FROM passages p JOIN documents d ON d.id = p.document JOIN {} t ON "
                             "t.rowid = p.id WHERE {} AND p.id > ?2 ORDER BY p.id LIMIT ?3",
                             *table, where));
    read.bind(request.document)
        .bind(static_cast<std::int64_t>(request.after))
        .bind(static_cast<std::int64_t>(std::min<std::size_t>(request.limit, 1'000'000)));
    while (true) {
      auto row = read.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      auto passage = read_passage(read);
      if (!passage) return std::unexpected(passage.error());
      page.passages.push_back(*std::move(passage));
      page.next = static_cast<std::uint64_t>(read.number(5));
    }
    if (page.passages.size() < request.limit) page.next = 0;
    return page;
  }

  Result<std::vector<ScopeSummary>> scopes() override {
    std::lock_guard lock(mutex_);
    sql::Statement all(
        reader_,
        "SELECT s.tenant, s.collection, count(DISTINCT d.id), count(p.id), "
        "coalesce(sum(p.bytes), 0) FROM scopes s LEFT JOIN "
        "documents d ON d.scope = s.id LEFT JOIN passages p ON p.document = d.id GROUP "
        "BY s.id ORDER BY 1, 2");
    std::vector<ScopeSummary> out;
    while (true) {
      auto row = all.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return out;
      out.push_back(
          {.scope = {.tenant = std::string(all.text(0)), .collection = std::string(all.text(1))},
           .documents = static_cast<std::uint64_t>(all.number(2)),
           .passages = static_cast<std::uint64_t>(all.number(3)),
           .bytes = static_cast<std::uint64_t>(all.number(4))});
    }
  }

 private:
  // The scope's full-text table; empty when there is no such scope. With the lock held.
  Result<std::string> table_of(const Scope& scope) {
    sql::Statement find(reader_, "SELECT id FROM scopes WHERE tenant = ? AND collection = ?");
    find.bind(scope.tenant).bind(scope.collection);
    auto known = find.step();
    if (!known) return std::unexpected(known.error());
    return *known ? text_table(find.number(0)) : std::string();
  }

  // From the columns name, first_line, last_line, body, content.
  Result<Passage> read_passage(sql::Statement& row) const {
    auto content = Digest::from_bytes(row.blob(4));
    if (!content)
      return fail(Errc::corrupt,
                  "{} holds a passage without digest: delete it and run `leyden index` again",
                  options_.file.string());
    return Passage{.document = std::string(row.text(0)),
                   .first_line = static_cast<std::size_t>(row.number(1)),
                   .last_line = static_cast<std::size_t>(row.number(2)),
                   .text = std::string(row.text(3)),
                   .content = *content};
  }

  SqliteIndexOptions options_;
  std::mutex mutex_;  // One statement at a time on the reader.
  sql::Database reader_;
};

}  // namespace

Result<std::unique_ptr<Index>> open_sqlite_index(const SqliteIndexOptions& options) {
  auto database =
      sql::Database::open(options.file, file_kind(),
                          options.read_only ? sql::OpenMode::existing : sql::OpenMode::read_write);
  if (!database) return std::unexpected(database.error());
  return std::make_unique<SqliteIndex>(*std::move(database), options);
}

}  // namespace leyden::retrieval
