#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/guarded.h"
#include "leyden/base/result.h"
#include "leyden/retrieval/vectors/hnsw_graph.h"
#include "leyden/retrieval/vectors/vector_hit.h"
#include "leyden/retrieval/vectors/vector_store.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

// Whether a passage counts, by its ID; empty: each does. Called by the searching thread for some passages, hundreds at times: it
// must be quick.
using AllowPassage = std::function<bool(std::int64_t passage)>;

// The vectors of a set as they were at one moment. const, so safe to share; lives as long as somebody holds it.
class VectorView {
 public:
  virtual ~VectorView() = default;
  // The `k` best by inner product, best first; equal scores by passage. Exact where there is no graph or where few passages are allowed.
  // Errors: invalid_argument (other dimensions).
  [[nodiscard]] virtual Result<std::vector<VectorHit>> search(std::span<const float> query,
                                                              std::size_t k,
                                                              const AllowPassage& allow) const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual std::size_t in_graph() const = 0;  // Of them; the rest is scanned.
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
};

struct VectorSearchOptions {
  // Graphs are kept beside it: "<index_file>.vectors-<set>". Empty: none is kept.
  std::filesystem::path index_file;
  std::size_t graph_from = 100'000;  // A smaller set is scanned.
  std::size_t tail_max = 10'000;     // More that is in no graph is put into it by maintain().
  double dead_share_max = 0.3;       // More of a graph than that, and it is made anew.
  // Of all sets together. Those that were searched longest ago are let go of; a set that is larger by itself is not searched.
  std::size_t memory_bytes_max = 4 * GiB;
  HnswOptions hnsw;
  [[nodiscard]] Result<void> check() const;
};

struct MaintainReport {
  std::size_t added = 0;      // To the graph.
  bool made_anew = false;     // Instead of going on with the one that was there.
  std::string why_made_anew;  // Such as a file that was damaged.
};

// The sets of one index file, read when they are asked for. Thread-safe; a database is one thread's during a call, and
// in no transaction.
class VectorSearch {
 public:
  [[nodiscard]] static Result<std::unique_ptr<VectorSearch>> open(VectorSearchOptions options);
  ~VectorSearch();

  // The set as the database has it now. Costs a look at one row when nothing has changed, else the reading of what has. Never waits for a
  // graph to be made: what is in none is scanned. Others who want the same set wait meanwhile. Errors: unsupported (it does not fit in
  // memory_bytes_max), unavailable, overloaded, corrupt.
  [[nodiscard]] Result<std::shared_ptr<const VectorView>> view(sql::Database& database,
                                                               const VectorSet& set);

  // To be called after an update: puts what is new into the set's graph and saves it, if the set is large enough for one. Takes about
  // 0.2 ms for each vector; views can be had and searched meanwhile. A damaged or foreign file is replaced; nothing is lost with it.
  // Errors: cancelled, and those of view().
  [[nodiscard]] Result<MaintainReport> maintain(sql::Database& database, const VectorSet& set,
                                                const std::stop_token& stop);

  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct Entry;
  class View;
  using Entries = std::map<std::string, std::shared_ptr<Entry>>;  // By identity.

  explicit VectorSearch(VectorSearchOptions options) : options_(std::move(options)) {}
  std::shared_ptr<Entry> entry_of(const VectorSet& set);
  Result<std::shared_ptr<const View>> refresh(Entry& entry, sql::Database& database,
                                              const VectorSet& set);
  Result<std::shared_ptr<const View>> read_anew(Entry& entry, VectorReader& reader,
                                                const VectorSet& set, VectorReader::State state);
  Result<void> check_room(const VectorSet& set, std::size_t count) const;
  [[nodiscard]] bool has_room_for_graph(const VectorSet& set, std::size_t count) const;
  void let_go_of_others(const Entry& kept);
  [[nodiscard]] std::filesystem::path graph_file(const VectorSet& set) const;

  const VectorSearchOptions options_;
  Guarded<Entries> entries_;
  std::atomic<std::uint64_t> calls_{0};
};

}  // namespace leyden::retrieval
