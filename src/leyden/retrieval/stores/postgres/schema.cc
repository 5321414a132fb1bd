#include "leyden/retrieval/stores/postgres/schema.h"

namespace leyden::retrieval::postgres {
namespace {

// Every scope has words of its own, so a word's ID says its scope, and its statistics are the scope's. Bytes where a text may hold a NUL
// or a path is no UTF-8. Room in the words' pages: their numbers change with every batch. New postings wait in 64 MB before they are sorted in, since
// each time touches most of the index; what waits is sorted in at an update's end. `terms` are apart from the passages' texts: a search reads many of these. IDs of passages only grow and are never
// given again. B-trees take no more than 2,700 bytes, which a path may exceed: hence hashes of it.
constexpr const char* kTables[] = {
    "CREATE SCHEMA IF NOT EXISTS leyden",
    "CREATE TABLE leyden.schema_version(version integer NOT NULL)",
    "CREATE TABLE leyden.scopes(id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant text "
    "COLLATE \"C\" NOT NULL, collection text COLLATE \"C\" NOT NULL, passages bigint NOT NULL "
    "DEFAULT 0, length bigint NOT NULL DEFAULT 0, UNIQUE(tenant, collection))",
    "CREATE SEQUENCE leyden.document_ids",
    "CREATE SEQUENCE leyden.passage_ids",
    "CREATE TABLE leyden.documents(id bigint PRIMARY KEY, scope integer NOT NULL REFERENCES "
    "leyden.scopes, root bytea NOT NULL, path bytea NOT NULL, name text COLLATE \"C\" NOT NULL, "
    "language text NOT NULL, chunking text NOT NULL, digest bytea NOT NULL, size bigint NOT NULL, "
    "mtime_ns bigint NOT NULL, read_ns bigint NOT NULL)",
    "CREATE INDEX documents_by_root ON leyden.documents(scope, md5(root))",
    "CREATE INDEX documents_by_name ON leyden.documents USING hash(name)",
    "CREATE TABLE leyden.passages(id bigint PRIMARY KEY, scope integer NOT NULL, document bigint "
    "NOT NULL REFERENCES leyden.documents, first_line bigint NOT NULL, last_line bigint NOT NULL, "
    "bytes bigint NOT NULL, content bytea NOT NULL, context bytea NOT NULL, text bytea NOT NULL)",
    "CREATE INDEX passages_of_document ON leyden.passages(document)",
    "CREATE INDEX passages_of_scope ON leyden.passages(scope, id)",
    "CREATE TABLE leyden.words(id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, scope integer "
    "NOT NULL, word text COLLATE \"C\" NOT NULL, passages bigint NOT NULL, UNIQUE(scope, word)) "
    "WITH "
    "(fillfactor = 60)",
    "CREATE TABLE leyden.terms(passage bigint PRIMARY KEY, document bigint NOT NULL, length "
    "integer NOT NULL, length_code smallint NOT NULL, words integer[] NOT NULL, frequencies "
    "smallint[] NOT NULL)",
    "CREATE INDEX terms_by_word ON leyden.terms USING gin(words) WITH (gin_pending_list_limit = "
    "65536)",
    "CREATE TABLE leyden.spaces(id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text "
    "NOT NULL UNIQUE, dimensions integer NOT NULL)",
};

Result<bool> is_made(Connection& connection) {
  // By the catalogue's rows: what a name stands for is cached, and a lock alone does not refresh that.
  auto there = connection.run(
      "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
      "'leyden' AND c.relname = 'schema_version'");
  if (!there) return std::unexpected(there.error());
  return there->size() != 0;
}

Result<std::optional<std::int64_t>> version(Connection& connection) {
  auto made = is_made(connection);
  if (!made) return std::unexpected(made.error());
  if (!*made) return std::nullopt;
  auto row = connection.run("SELECT max(version) FROM leyden.schema_version");
  if (!row) return std::unexpected(row.error());
  return row->number(0, 0);
}

// Within a transaction: one makes tables at a time.
Result<void> lock(Connection& connection) {
  auto locked =
      connection.run("SELECT pg_advisory_xact_lock($1::integer, 0)", Values().add(kLockClass));
  if (!locked) return std::unexpected(locked.error());
  return {};
}

Result<void> make_tables(Connection& connection) {
  auto transaction = Transaction::begin(connection, Transaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  if (auto locked = lock(connection); !locked) return locked;
  auto made = is_made(connection);
  if (!made) return std::unexpected(made.error());
  if (*made) return {};  // By another, meanwhile.
  for (const char* statement : kTables) {
    if (auto done = connection.run(statement); !done) return std::unexpected(done.error());
  }
  auto noted = connection.run("INSERT INTO leyden.schema_version VALUES($1::integer)",
                              Values().add(kSchemaVersion));
  if (!noted) return std::unexpected(noted.error());
  return transaction->commit();
}

// Whether the extension is in the database; empty: it is.
Result<std::string> why_no_pgvector(Connection& connection, bool read_only) {
  auto state = connection.run(
      "SELECT installed_version IS NOT NULL FROM pg_available_extensions WHERE name = 'vector'");
  if (!state) return std::unexpected(state.error());
  if (state->size() == 0) return "the PostgreSQL server has no pgvector";
  if (state->number(0, 0) != 0) return "";
  if (read_only) return "pgvector is not yet in the database: run `leyden index` first";
  if (auto made = connection.run("CREATE EXTENSION IF NOT EXISTS vector"); !made) {
    if (connection.lost()) return std::unexpected(made.error());
    return "pgvector is not in the database, and this user may not run CREATE EXTENSION vector";
  }
  return "";
}

}  // namespace

Result<void> open_schema(Connection& connection, bool read_only) {
  auto found = version(connection);
  if (!found) return std::unexpected(found.error());
  if (!*found && read_only)
    return fail(Errc::not_found,
                "nothing is indexed yet in that database: run `leyden index FOLDER` first");
  if (!*found) {
    if (auto made = make_tables(connection); !made) return made;
    found = version(connection);
    if (!found) return std::unexpected(found.error());
  }
  if (found->value_or(0) > kSchemaVersion) {
    return fail(Errc::unsupported,
                "the index has version {}, this Leyden reads up to {}: update Leyden", **found,
                kSchemaVersion);
  }
  return {};
}

Result<VectorTable> open_vectors(Connection& connection, const Embedder& embedder, bool read_only) {
  auto why = why_no_pgvector(connection, read_only);
  if (!why) return std::unexpected(why.error());
  if (!why->empty()) return VectorTable{.name = {}, .why_none = *std::move(why)};
  const auto find = [&]() -> Result<std::string> {
    auto row = connection.run(
        "SELECT id FROM leyden.spaces WHERE name = $1 AND dimensions = $2::integer",
        Values().add(embedder.space()).add(static_cast<std::int64_t>(embedder.dimensions())));
    if (!row) return std::unexpected(row.error());
    return row->size() == 0 ? "" : fmt::format("leyden.vectors_{}", row->number(0, 0));
  };
  auto known = find();
  if (!known) return std::unexpected(known.error());
  if (!known->empty()) return VectorTable{.name = *std::move(known), .why_none = {}};
  if (read_only)
    return VectorTable{.name = {}, .why_none = "no vectors of this model yet: run `leyden index`"};
  auto transaction = Transaction::begin(connection, Transaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  if (auto locked = lock(connection); !locked) return std::unexpected(locked.error());
  if (auto noted = connection.run(
          "INSERT INTO leyden.spaces(name, dimensions) VALUES($1, $2::integer) ON CONFLICT DO "
          "NOTHING",
          Values().add(embedder.space()).add(static_cast<std::int64_t>(embedder.dimensions())));
      !noted)
    return std::unexpected(noted.error());
  known = find();
  if (!known) return std::unexpected(known.error());
  if (known->empty())
    return fail(Errc::corrupt, "the embedding space {} has had another number of dimensions",
                embedder.space());
  // An HNSW index takes 2,000 dimensions at most; more are searched one by one.
  const bool indexed = embedder.dimensions() <= 2'000;
  const std::string table = fmt::format(
      "CREATE TABLE IF NOT EXISTS {}(passage bigint PRIMARY KEY REFERENCES leyden.passages ON "
      "DELETE CASCADE, scope integer NOT NULL, vector vector({}) NOT NULL)",
      *known, embedder.dimensions());
  const std::string index =
      fmt::format("CREATE INDEX IF NOT EXISTS {}_near ON {} USING hnsw(vector vector_ip_ops)",
                  known->substr(known->find('.') + 1), *known);
  for (const std::string& statement : {table, indexed ? index : std::string("SELECT 1")}) {
    if (auto made = connection.run(statement); !made) return std::unexpected(made.error());
  }
  if (auto committed = transaction->commit(); !committed) return std::unexpected(committed.error());
  return VectorTable{.name = *std::move(known), .why_none = {}};
}

}  // namespace leyden::retrieval::postgres
