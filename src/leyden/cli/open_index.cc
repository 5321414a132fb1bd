#include "leyden/cli/open_index.h"

#include "leyden/retrieval/stores/postgres/postgres_index.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"

namespace leyden::cli {

Result<std::unique_ptr<retrieval::Index>> open_index(const Settings& settings, bool read_only,
                                                     const OpenedEmbedder& embedder) {
  if (settings.index_url) {
    return retrieval::open_postgres_index({.url = *settings.index_url,
                                           .read_only = read_only,
                                           .embedder = embedder.embedder.get(),
                                           .why_no_embedder = embedder.why_none});
  }
  return retrieval::open_sqlite_index({.file = settings.index_file(),
                                       .read_only = read_only,
                                       .embedder = embedder.embedder.get(),
                                       .why_no_embedder = embedder.why_none});
}

}  // namespace leyden::cli
