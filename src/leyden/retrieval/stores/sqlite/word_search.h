#pragma once

#include <cstdint>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/retrieval/query.h"
#include "leyden/retrieval/stores/sqlite/passage_filter.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

struct Hit {
  std::int64_t passage = 0;
  double score = 0;
};

// The passages of a scope that hold a telling word of a query, ranked by BM25 (bm25.h). Statements are prepared once. Confined to one
// thread.
class WordSearch {
 public:
  explicit WordSearch(sql::Database& database);

  // The best `top_k` that the filter lets through, and all others whose score is that of the last: the caller breaks ties. In
  // descending order of score, then by passage. Exact: the same as scoring all passages, though most are never looked at
  // (MaxScore: Turtle and Flood 1995). Within one read transaction.
  [[nodiscard]] Result<std::vector<Hit>> search(std::int64_t scope,
                                                const std::vector<QueryWord>& words,
                                                std::size_t top_k, PassageFilter& filter);

 private:
  sql::Statement find_scope_;
  sql::Statement find_word_;
  sql::Statement find_block_;
};

}  // namespace leyden::retrieval
