#pragma once

#include <filesystem>
#include <memory>

#include "leyden/retrieval/embedder.h"
#include "leyden/retrieval/index.h"

namespace leyden::retrieval {

// The embedded index: one SQLite file in WAL mode, with word postings of its own, and vectors where there is an embedder. `read_only` opens an existing file and never makes
// one (not_found otherwise, with the command that makes it). docs/formats/index.md.
// Errors: unavailable (folder or file can't be opened; says which), corrupt (not our database, or damaged: says how to
// rebuild), unsupported (written by a newer version). A file of an older version is brought to this one; what it held is to be indexed
// again, and until then searches are `unavailable` and say so.
struct SqliteIndexOptions {
  std::filesystem::path file;
  bool read_only = false;
  Embedder* embedder = nullptr;  // Null: words alone. Outlives the index.
  std::string why_no_embedder = "the index was opened without an embedder";
  std::size_t searches_max = 8;  // At once, each on a connection of its own; more wait.
};
[[nodiscard]] Result<std::unique_ptr<Index>> open_sqlite_index(const SqliteIndexOptions& options);

}  // namespace leyden::retrieval
