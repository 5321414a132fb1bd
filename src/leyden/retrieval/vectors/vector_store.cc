#include "leyden/retrieval/vectors/vector_store.h"

#include <random>

#include "leyden/retrieval/vectors/vector_code.h"

namespace leyden::retrieval {
namespace {

std::string random_identity() {
  std::random_device random;
  std::string out;
  for (int word = 0; word < 4; ++word) {
    const std::uint32_t bits = random();
    for (int byte = 0; byte < 4; ++byte) out.push_back(static_cast<char>(bits >> (8 * byte)));
  }
  return out;
}

}  // namespace

Result<std::optional<VectorSet>> find_vector_set(sql::Database& database, std::int64_t scope) {
  sql::Statement find(database,
                      "SELECT id, space, dimensions, identity FROM vector_sets WHERE scope = ?");
  auto row = find.bind(scope).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  VectorSet out{.id = find.number(0),
                .scope = scope,
                .space = std::string(find.text(1)),
                .dimensions = static_cast<std::size_t>(find.number(2)),
                .identity = std::string(as_text(find.blob(3)))};
  if (out.dimensions == 0 || out.dimensions > kVectorDimensionsMax || out.identity.size() != 16)
    return fail(Errc::corrupt, "the index's table of vectors is damaged: delete the index file");
  return out;
}

Result<VectorSet> open_vector_set(sql::Database& database, std::int64_t scope,
                                  std::string_view space, std::size_t dimensions) {
  if (dimensions == 0 || dimensions > kVectorDimensionsMax) {
    return fail(Errc::invalid_argument, "vectors of {} dimensions: 1 to {} are possible",
                dimensions, kVectorDimensionsMax);
  }
  auto found = find_vector_set(database, scope);
  if (!found) return std::unexpected(found.error());
  if (*found) {
    if ((*found)->space == space && (*found)->dimensions == dimensions) return **found;
    sql::Statement vectors(database, "DELETE FROM vectors WHERE vector_set = ?");
    if (auto done = vectors.bind((*found)->id).run(); !done) return std::unexpected(done.error());
    sql::Statement set(database, "DELETE FROM vector_sets WHERE id = ?");
    if (auto done = set.bind((*found)->id).run(); !done) return std::unexpected(done.error());
  }
  VectorSet out{.id = 0,
                .scope = scope,
                .space = std::string(space),
                .dimensions = dimensions,
                .identity = random_identity()};
  sql::Statement insert(
      database, "INSERT INTO vector_sets(scope, space, dimensions, identity) VALUES(?, ?, ?, ?)");
  insert.bind(scope).bind(space).bind(static_cast<std::int64_t>(dimensions));
  if (auto done = insert.bind(as_bytes(out.identity)).run(); !done)
    return std::unexpected(done.error());
  out.id = database.last_insert_id();
  return out;
}

VectorWriter::VectorWriter(sql::Database& database, VectorSet set)
    : set_(std::move(set)),
      remove_(database, "DELETE FROM vectors WHERE passage = ?"),
      insert_(database, "INSERT INTO vectors(passage, vector_set, code) VALUES(?, ?, ?)"),
      code_(code_bytes(set_.dimensions)) {}

Result<void> VectorWriter::put(std::int64_t passage, std::span<const float> vector) {
  if (vector.size() != set_.dimensions) {
    return fail(Errc::invalid_argument, "a vector of {} dimensions among those of {}",
                vector.size(), set_.dimensions);
  }
  encode_vector(vector, code_.data());
  // Not REPLACE: a vector that changes gets a new ID.
  if (auto done = remove_.bind(passage).run(); !done) return done;
  return insert_.bind(passage).bind(set_.id).bind(BytesView(code_)).run();
}

Result<VectorReader> VectorReader::begin(sql::Database& database) {
  if (auto begun = database.execute("BEGIN"); !begun) return std::unexpected(begun.error());
  return VectorReader(database);
}

VectorReader::~VectorReader() {
  if (database_ != nullptr) (void)database_->execute("COMMIT");
}

Result<VectorReader::State> VectorReader::state(const VectorSet& set) {
  sql::Statement read(*database_,
                      "SELECT removals, (SELECT max(id) FROM vectors WHERE vector_set = s.id) FROM "
                      "vector_sets s WHERE id = ? AND identity = ?");
  auto row = read.bind(set.id).bind(as_bytes(set.identity)).step();
  if (!row) return std::unexpected(row.error());
  // Another space has taken its place since it was found: unlike any state that it had.
  if (!*row) return State{.last_id = 0, .removals = -1};
  return State{.last_id = read.number(1), .removals = read.number(0)};
}

Result<std::vector<VectorReader::Key>> VectorReader::keys(const VectorSet& set,
                                                          std::int64_t after) {
  std::vector<Key> out;
  sql::Statement read(
      *database_, "SELECT id, passage FROM vectors WHERE vector_set = ? AND id > ? ORDER BY id");
  read.bind(set.id).bind(after);
  while (true) {
    auto row = read.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return out;
    out.push_back({.id = read.number(0), .passage = read.number(1)});
  }
}

Result<void> VectorReader::for_each(const VectorSet& set, std::int64_t after,
                                    const std::function<void(Key, BytesView)>& visit) {
  sql::Statement read(
      *database_,
      "SELECT id, passage, code FROM vectors WHERE vector_set = ? AND id > ? ORDER BY id");
  read.bind(set.id).bind(after);
  while (true) {
    auto row = read.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    const BytesView code = read.blob(2);
    if (!is_vector_code(code, set.dimensions)) {
      return fail(Errc::corrupt,
                  "the index's vector {} is damaged: delete the index file and run `leyden index` "
                  "again",
                  read.number(0));
    }
    visit({.id = read.number(0), .passage = read.number(1)}, code);
  }
}

Result<std::int64_t> VectorReader::highest_id() {
  sql::Statement read(*database_, "SELECT seq FROM sqlite_sequence WHERE name = 'vectors'");
  auto row = read.step();
  if (!row) return std::unexpected(row.error());
  return *row ? read.number(0) : 0;
}

Result<Bytes> VectorReader::code(std::int64_t id) {
  sql::Statement read(*database_, "SELECT code FROM vectors WHERE id = ?");
  auto row = read.bind(id).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return Bytes{};
  const BytesView code = read.blob(0);
  return Bytes(code.begin(), code.end());
}

}  // namespace leyden::retrieval
