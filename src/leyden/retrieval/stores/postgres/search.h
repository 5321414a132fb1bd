#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "leyden/retrieval/embedder.h"
#include "leyden/retrieval/index.h"
#include "leyden/retrieval/query.h"
#include "leyden/retrieval/stores/postgres/connection.h"

namespace leyden::retrieval::postgres {

struct Found {
  std::int64_t passage = 0;
  double score = 0;
};

struct SearchScope {
  std::int64_t id = 0;
  const Filter& filter;
  Deadline deadline;
};

// All within one snapshot; the best first, equal scores by document and line.

// Okapi BM25 as bm25.h has it, with the same numbers as the SQLite store's: an index of words brings the passages that share a telling
// word with the query, each is scored in SQL, but for those that share only words too common to lift a passage among the best
// (MaxScore: Turtle and Flood 1995, with the rarest words' passages for a threshold).
[[nodiscard]] Result<std::vector<Found>> search_words(Connection& connection,
                                                      const SearchScope& scope,
                                                      const std::vector<QueryWord>& words,
                                                      std::size_t top_k);

// By inner product, through pgvector's HNSW: nearly the best.
[[nodiscard]] Result<std::vector<Found>> search_vectors(Connection& connection,
                                                        const SearchScope& scope,
                                                        const std::string& table,
                                                        const Vector& query, std::size_t top_k);

// The passages of the first `top_k`, in order of score, then document and line.
[[nodiscard]] Result<std::vector<Passage>> read_passages(Connection& connection,
                                                         const std::vector<Found>& found,
                                                         std::size_t top_k, Deadline deadline);

// From the columns name, first_line, last_line, context, text, content.
[[nodiscard]] Result<Passage> passage_of(const Rows& rows, std::size_t row);

}  // namespace leyden::retrieval::postgres
