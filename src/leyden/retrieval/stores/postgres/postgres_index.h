#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "leyden/retrieval/embedder.h"
#include "leyden/retrieval/index.h"

namespace leyden::retrieval {

// The index that many machines share: tables in the schema `leyden` of a PostgreSQL database (13 or newer), words in a GIN index ranked by
// BM25 in SQL, vectors through pgvector where the server has it. docs/formats/postgres_index.md.
//
// Every call ends within the timeouts, whatever the server does. A lost connection is made again by the next call; a search on one that
// was kept and has died with its server tries once more by itself. One update at a time per scope, by an advisory lock, which needs a session: no
// pooler by transaction between. Vectors are approximate (HNSW); a passage may lack one until the next update.
// Errors: invalid_argument (no PostgreSQL URL), unavailable (not reachable, password refused, no rights), timed_out, overloaded (too many
// connections), not_found (`read_only`, and nothing is indexed there), unsupported (made by a newer version), corrupt.
struct PostgresIndexOptions {
  std::string url;  // postgresql://user:password@host:5432/database?sslmode=verify-full
  bool read_only = false;
  Embedder* embedder = nullptr;  // Null: words alone. Outlives the index.
  std::string why_no_embedder = "the index was opened without an embedder";
  std::size_t searches_max = 8;  // At once, each on a connection of its own; more wait.
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds search_timeout{
      30'000};  // Of each statement; a request's own deadline comes first.
  std::chrono::milliseconds update_timeout{300'000};  // Of each statement of an update.
};
[[nodiscard]] Result<std::unique_ptr<Index>> open_postgres_index(
    const PostgresIndexOptions& options);

}  // namespace leyden::retrieval
