#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

// The tables of vectors, in an index's file beside `passages(id INTEGER PRIMARY KEY)`. A passage's vector goes with it. IDs of vectors are
// never given twice, which is what copies in memory and graphs are kept up to date by. docs/formats/vectors.md.
inline constexpr std::string_view kVectorSchema = R"(
CREATE TABLE IF NOT EXISTS vector_sets(
  id INTEGER PRIMARY KEY, scope INTEGER NOT NULL UNIQUE, space TEXT NOT NULL, dimensions INTEGER NOT NULL, identity BLOB NOT NULL,
  removals INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS vectors(
  id INTEGER PRIMARY KEY AUTOINCREMENT, passage INTEGER NOT NULL UNIQUE REFERENCES passages(id) ON DELETE CASCADE,
  vector_set INTEGER NOT NULL REFERENCES vector_sets(id), code BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS vectors_of_set ON vectors(vector_set, id, passage);
CREATE TRIGGER IF NOT EXISTS vectors_removed AFTER DELETE ON vectors BEGIN
  UPDATE vector_sets SET removals = removals + 1 WHERE id = old.vector_set;
END;
)";

// The vectors of one scope (the index's own number for tenant and collection), all of one space.
struct VectorSet {
  std::int64_t id = 0;
  std::int64_t scope = 0;
  std::string space;  // Embedder::space()
  std::size_t dimensions = 0;
  std::string identity;  // 16 random bytes, made with the set: no other has them.
};

// What a scope has; nothing: no vectors. Errors: as of sql::Database::last_error().
[[nodiscard]] Result<std::optional<VectorSet>> find_vector_set(sql::Database& database,
                                                               std::int64_t scope);

// Within a transaction: the scope's set in that space, made when it is not there. One of another space goes, and its vectors with it.
// Errors: invalid_argument (dimensions), and the database's.
[[nodiscard]] Result<VectorSet> open_vector_set(sql::Database& database, std::int64_t scope,
                                                std::string_view space, std::size_t dimensions);

// Within a transaction. Confined to one thread; the database outlives it.
class VectorWriter {
 public:
  VectorWriter(sql::Database& database, VectorSet set);
  // In the place of the passage's vector, if it has one. Errors: invalid_argument (other dimensions), and the database's.
  [[nodiscard]] Result<void> put(std::int64_t passage, std::span<const float> vector);

 private:
  const VectorSet set_;
  sql::Statement remove_;
  sql::Statement insert_;
  Bytes code_;
};

// One state of the tables, as long as it lives, whatever others commit. The database is in no transaction before: what is not committed may
// never be, and its IDs may be given again.
class VectorReader {
 public:
  [[nodiscard]] static Result<VectorReader> begin(sql::Database& database);
  VectorReader(VectorReader&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  VectorReader& operator=(VectorReader&&) = delete;
  ~VectorReader();

  // Two states of a set that are equal hold the same vectors.
  struct State {
    std::int64_t last_id = 0;   // Of the newest vector; 0: none.
    std::int64_t removals = 0;  // So far.
    bool operator==(const State&) const = default;
  };
  [[nodiscard]] Result<State> state(const VectorSet& set);

  struct Key {
    std::int64_t id = 0;
    std::int64_t passage = 0;
    bool operator==(const Key&) const = default;
  };
  // By ID, ascending, those after `after`.
  [[nodiscard]] Result<std::vector<Key>> keys(const VectorSet& set, std::int64_t after = 0);
  // The same with their codes, which are valid during the call. Errors: corrupt (a code that is none).
  [[nodiscard]] Result<void> for_each(const VectorSet& set, std::int64_t after,
                                      const std::function<void(Key, BytesView code)>& visit);
  // That was ever given to a vector of any set.
  [[nodiscard]] Result<std::int64_t> highest_id();
  // The code of one; empty: there is none of that ID.
  [[nodiscard]] Result<Bytes> code(std::int64_t id);

 private:
  explicit VectorReader(sql::Database& database) : database_(&database) {}
  sql::Database* database_;
};

}  // namespace leyden::retrieval
