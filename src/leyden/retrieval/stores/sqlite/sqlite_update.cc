#include "leyden/retrieval/stores/sqlite/sqlite_update.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "leyden/retrieval/folder_update.h"
#include "leyden/retrieval/stores/sqlite/document_writer.h"

namespace leyden::retrieval {
namespace {

// Large: the more passages are in one batch, the fewer times a word's row is written.
constexpr BatchLimits kBatch{.files = 2'000, .bytes = 16 * MiB};

class SqliteSink final : public DocumentSink {
 public:
  SqliteSink(sql::Database& database, std::int64_t scope)
      : database_(database), scope_(scope), writer_(database, scope) {}

  Result<std::map<std::string, KnownDocument>> known_documents(std::string_view root) override {
    std::map<std::string, KnownDocument> out;
    sql::Statement known(
        database_,
        "SELECT path, id, digest, chunking, size, mtime_ns, read_ns FROM documents WHERE scope = "
        "? AND root = ?");
    known.bind(scope_).bind(as_bytes(root));
    while (true) {
      auto row = known.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return out;
      out.emplace(std::string(as_text(known.blob(0))),
                  KnownDocument{.id = known.number(1),
                                .digest = Digest::from_bytes(known.blob(2)).value_or(Digest{}),
                                .chunking = std::string(known.text(3)),
                                .size = known.number(4),
                                .mtime_ns = known.number(5),
                                .read_ns = known.number(6)});
    }
  }

  Result<void> begin() override {
    auto transaction = sql::Transaction::begin(database_);
    if (!transaction) return std::unexpected(transaction.error());
    transaction_.emplace(*std::move(transaction));
    return {};
  }
  Result<void> commit() override {
    if (auto flushed = writer_.flush(); !flushed) return flushed;
    auto committed = transaction_->commit();
    transaction_.reset();
    return committed;
  }

  Result<void> put(std::int64_t id, const DocumentRecord& record,
                   std::span<const PassageDraft> passages) override {
    return writer_.put(id, record, passages);
  }
  Result<void> touch(std::int64_t id, const DocumentRecord& record) override {
    return writer_.touch(id, record);
  }
  Result<void> remove(std::int64_t id) override { return writer_.remove(id); }
  // What an upgrade took away is there again.
  Result<void> complete(std::string_view root) override {
    return sql::Statement(database_, "DELETE FROM refill WHERE scope = ? AND root = ?")
        .bind(scope_)
        .bind(as_bytes(root))
        .run();
  }

  PassageCounts counts() const override { return writer_.counts(); }
  Result<std::uint64_t> passages_total() override {
    sql::Statement all(database_, "SELECT passages FROM scopes WHERE id = ?");
    all.bind(scope_);
    if (auto row = all.step(); !row) return std::unexpected(row.error());
    return static_cast<std::uint64_t>(all.number(0));
  }

 private:
  sql::Database& database_;
  std::int64_t scope_;
  DocumentWriter writer_;
  std::optional<sql::Transaction> transaction_;
};

// Full-text tables, which an upgrade by SQL alone can't name.
Result<void> drop_tables_of_version_1(sql::Database& database) {
  std::vector<std::string> names;
  {
    sql::Statement old(
        database, "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'");
    while (true) {
      auto row = old.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      names.emplace_back(old.text(0));
    }
  }
  for (const std::string& name : names) {
    if (auto dropped = database.execute("DROP TABLE " + name); !dropped) return dropped;
  }
  return {};
}

// The scope's ID; it is made where there is none.
Result<std::int64_t> open_scope(sql::Database& database, const Scope& scope) {
  auto transaction = sql::Transaction::begin(database);
  if (!transaction) return std::unexpected(transaction.error());
  if (auto made =
          sql::Statement(database, "INSERT OR IGNORE INTO scopes(tenant, collection) VALUES(?, ?)")
              .bind(scope.tenant)
              .bind(scope.collection)
              .run();
      !made)
    return std::unexpected(made.error());
  std::int64_t id = 0;
  {
    sql::Statement find(database, "SELECT id FROM scopes WHERE tenant = ? AND collection = ?");
    find.bind(scope.tenant).bind(scope.collection);
    if (auto row = find.step(); !row) return std::unexpected(row.error());
    id = find.number(0);
  }
  if (auto dropped = drop_tables_of_version_1(database); !dropped)
    return std::unexpected(dropped.error());
  if (auto committed = transaction->commit(); !committed) return std::unexpected(committed.error());
  return id;
}

}  // namespace

Result<UpdateReport> update_scope(sql::Database& database, const std::filesystem::path& folder,
                                  const UpdateOptions& options,
                                  const std::function<void(const UpdateProgress&)>& on_progress,
                                  std::stop_token stop) {
  auto scope = open_scope(database, options.scope);
  if (!scope) return std::unexpected(scope.error());
  SqliteSink sink(database, *scope);
  return update_from_folder(sink, folder, options, kBatch, on_progress, std::move(stop));
}

}  // namespace leyden::retrieval
