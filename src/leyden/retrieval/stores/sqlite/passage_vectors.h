#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/deadline.h"
#include "leyden/retrieval/embedder.h"
#include "leyden/retrieval/index.h"
#include "leyden/retrieval/stores/sqlite/passage_filter.h"
#include "leyden/retrieval/vectors/vector_search.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

// The meaning side of an index: makes the vectors that passages lack, and finds passages by them. Thread-safe but for the databases
// that are given to it. `embedder` may be null, then `why_none` says why; it outlives this.
class PassageVectors {
 public:
  PassageVectors(Embedder* embedder, std::string why_none, std::unique_ptr<VectorSearch> search)
      : embedder_(embedder), why_none_(std::move(why_none)), search_(std::move(search)) {}

  // Makes the vectors of the scope's passages that have none in the embedder's space, a batch in one transaction; then the graph, where the
  // set is large enough. A failure of the embedder is in the report: what is missing is made by the next update. Errors: the
  // database's, cancelled.
  [[nodiscard]] Result<void> update(sql::Database& database, std::int64_t scope,
                                    const std::function<void(const UpdateProgress&)>& on_progress,
                                    const std::stop_token& stop, UpdateReport& report) const;

  // How a request is ranked. Made before the database's snapshot is taken, since an embedder may be a server.
  struct Plan {
    Ranking ranking = Ranking::words;  // words, vectors or fused.
    std::string why_no_vectors;
    Vector query;
    double weight = 1;                       // Of the ranking by vectors where it is fused.
    std::shared_ptr<const VectorView> view;  // Where vectors are used.
  };
  // Errors: unsupported (vectors are demanded and there are none), the embedder's where they are demanded, the database's.
  [[nodiscard]] Result<Plan> plan(sql::Database& database, std::int64_t scope,
                                  const SearchRequest& request) const;

  // The best `k` by meaning that the filter lets through, within a snapshot.
  [[nodiscard]] static Result<std::vector<VectorHit>> search(sql::Database& database,
                                                             const Plan& plan, std::size_t k,
                                                             PassageFilter& filter);

 private:
  Embedder* embedder_;
  std::string why_none_;
  std::unique_ptr<VectorSearch> search_;
};

}  // namespace leyden::retrieval
