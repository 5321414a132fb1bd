#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "leyden/base/result.h"
#include "leyden/retrieval/embedder.h"
#include "leyden/retrieval/stores/postgres/connection.h"

namespace leyden::retrieval::postgres {

inline constexpr std::int64_t kSchemaVersion = 1;
inline constexpr std::int64_t kLockClass = 0x4C59444E;  // "LYDN": of Leyden's advisory locks.

// Makes the tables where there are none, in the schema `leyden`; several may try at once. docs/formats/postgres_index.md.
// Errors: not_found: nothing is there and `read_only`; unsupported: written by a newer version.
[[nodiscard]] Result<void> open_schema(Connection& connection, bool read_only);

// Where the vectors of an embedder's space are; or why there can be none.
struct VectorTable {
  std::string name;  // Empty: none.
  std::string why_none;
};
// Makes it where it is not there and pgvector can be had, unless `read_only`.
[[nodiscard]] Result<VectorTable> open_vectors(Connection& connection, const Embedder& embedder,
                                               bool read_only);

}  // namespace leyden::retrieval::postgres
