#include "leyden/retrieval/stores/sqlite/passage_vectors.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace leyden::retrieval {
namespace {

struct PassageText {
  std::int64_t id = 0;
  std::string text;  // As it is embedded.
};

// The scope's passages without a vector of the set, by ID.
Result<std::vector<PassageText>> next_without_vector(sql::Database& database, const VectorSet& set,
                                                     std::int64_t after) {
  sql::Statement read(
      database,
      "SELECT p.id, d.name, t.context, t.text FROM passages p JOIN documents d ON d.id = "
      "p.document "
      "JOIN texts t ON t.passage = p.id LEFT JOIN vectors v ON v.passage = p.id AND v.vector_set = "
      "?1 WHERE d.scope = ?2 AND p.id > ?3 AND v.id IS NULL ORDER BY p.id LIMIT ?4");
  read.bind(set.id).bind(set.scope).bind(after).bind(static_cast<std::int64_t>(kEmbeddedAtOnce));
  std::vector<PassageText> out;
  while (true) {
    auto row = read.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return out;
    out.push_back(
        {.id = read.number(0), .text = embedded_text(read.text(1), read.text(2), read.text(3))});
  }
}

Result<std::int64_t> count_without_vector(sql::Database& database, const VectorSet& set) {
  sql::Statement count(
      database,
      "SELECT count(*) FROM passages p JOIN documents d ON d.id = p.document LEFT JOIN vectors v "
      "ON "
      "v.passage = p.id AND v.vector_set = ?1 WHERE d.scope = ?2 AND v.id IS NULL");
  count.bind(set.id).bind(set.scope);
  auto row = count.step();
  if (!row) return std::unexpected(row.error());
  return count.number(0);
}

Result<void> put_batch(sql::Database& database, const VectorSet& set,
                       const std::vector<PassageText>& passages,
                       const std::vector<Vector>& vectors) {
  auto transaction = sql::Transaction::begin(database);
  if (!transaction) return std::unexpected(transaction.error());
  VectorWriter writer(database, set);
  for (std::size_t i = 0; i < passages.size(); ++i) {
    if (auto put = writer.put(passages[i].id, vectors[i]); !put) return put;
  }
  return transaction->commit();
}

}  // namespace

Result<void> PassageVectors::update(sql::Database& database, std::int64_t scope,
                                    const std::function<void(const UpdateProgress&)>& on_progress,
                                    const std::stop_token& stop, UpdateReport& report) const {
  if (embedder_ == nullptr) {
    report.why_no_vectors = why_none_;
    return {};
  }
  std::optional<VectorSet> set;
  {
    auto transaction = sql::Transaction::begin(database);
    if (!transaction) return std::unexpected(transaction.error());
    auto opened = open_vector_set(database, scope, embedder_->space(), embedder_->dimensions());
    if (!opened) return std::unexpected(opened.error());
    set = *std::move(opened);
    if (auto committed = transaction->commit(); !committed) return committed;
  }
  auto missing = count_without_vector(database, *set);
  if (!missing) return std::unexpected(missing.error());
  report.vectors_missing = static_cast<std::uint64_t>(*missing);
  UpdateProgress progress{.files_done = 0,
                          .files_total = 0,
                          .bytes_done = 0,
                          .bytes_total = report.vectors_missing,
                          .document = "vectors"};
  for (std::int64_t after = 0; report.vectors_missing > 0;) {
    if (stop.stop_requested())
      return fail(Errc::cancelled, "interrupted: what was read so far is kept");
    auto passages = next_without_vector(database, *set, after);
    if (!passages) return std::unexpected(passages.error());
    if (passages->empty()) break;
    after = passages->back().id;
    const std::vector<std::string_view> texts = [&] {
      std::vector<std::string_view> views;
      for (const PassageText& passage : *passages) views.push_back(passage.text);
      return views;
    }();
    auto vectors = embedder_->embed(texts, TextRole::passage, Deadline::after(kEmbedTimeout));
    if (!vectors) {
      report.why_no_vectors = vectors.error().message;
      return {};
    }
    if (auto put = put_batch(database, *set, *passages, *vectors); !put) return put;
    report.vectors_added += passages->size();
    report.vectors_missing -= std::min<std::uint64_t>(passages->size(), report.vectors_missing);
    progress.bytes_done = report.vectors_added;
    if (on_progress) on_progress(progress);
  }
  auto maintained = search_->maintain(database, *set, stop);
  if (!maintained) return std::unexpected(maintained.error());
  return {};
}

Result<PassageVectors::Plan> PassageVectors::plan(sql::Database& database, std::int64_t scope,
                                                  const SearchRequest& request) const {
  const bool demanded = request.ranking == Ranking::vectors || request.ranking == Ranking::fused;
  auto words_because = [&](Errc code, std::string why) -> Result<Plan> {
    if (demanded) return fail(code, "{}: rank by words", why);
    Plan plan;
    if (request.ranking == Ranking::best) plan.why_no_vectors = std::move(why);
    return plan;
  };
  if (request.ranking == Ranking::words) return Plan{};
  if (embedder_ == nullptr) return words_because(Errc::unsupported, why_none_);
  auto set = find_vector_set(database, scope);
  if (!set) return std::unexpected(set.error());
  if (!*set || (*set)->space != embedder_->space()) {
    return words_because(Errc::unsupported,
                         *set ? fmt::format("the index has vectors of another model ({}): run "
                                            "`leyden index` again",
                                            (*set)->space)
                              : "the index has no vectors yet: run `leyden index` again");
  }
  const std::string_view query = request.query;
  auto vector = embedder_->embed({&query, 1}, TextRole::query, request.deadline);
  if (!vector) return words_because(vector.error().code, vector.error().message);
  auto view = search_->view(database, **set);
  if (!view) return words_because(view.error().code, view.error().message);
  if ((*view)->size() == 0)
    return words_because(Errc::unsupported,
                         "the index has no vectors yet: run `leyden index` again");
  return Plan{.ranking = request.ranking == Ranking::vectors ? Ranking::vectors : Ranking::fused,
              .why_no_vectors = {},
              .query = std::move(vector->front()),
              .weight = embedder_->ranking_weight(),
              .view = *std::move(view)};
}

Result<std::vector<VectorHit>> PassageVectors::search(sql::Database& database, const Plan& plan,
                                                      std::size_t k, PassageFilter& filter) {
  std::optional<Error> failed;
  const auto& only = filter.passages();
  const AllowPassage allow = [&](std::int64_t passage) {
    if (only) return std::ranges::binary_search(*only, passage);
    auto lets = filter.lets_through(passage);
    if (!lets && !failed) failed = lets.error();
    return lets.value_or(false);
  };
  auto hits = plan.view->search(plan.query, k, filter.lets_all_through() ? AllowPassage{} : allow);
  if (failed) return std::unexpected(*failed);
  if (!hits) return hits;
  // The view may be older than the snapshot: an update may have taken passages away in between.
  sql::Statement is_there(database, "SELECT 1 FROM passages WHERE id = ?");
  std::vector<VectorHit> out;
  for (const VectorHit& hit : *hits) {
    auto row = is_there.bind(hit.passage).step();
    if (!row) return std::unexpected(row.error());
    if (*row) out.push_back(hit);
    if (*row) is_there.reset();
  }
  return out;
}

}  // namespace leyden::retrieval
