#include "leyden/retrieval/stores/sqlite/sqlite_index.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/retrieval/fuse.h"
#include "leyden/retrieval/query.h"
#include "leyden/retrieval/stores/sqlite/passage_filter.h"
#include "leyden/retrieval/stores/sqlite/passage_vectors.h"
#include "leyden/retrieval/stores/sqlite/reader_pool.h"
#include "leyden/retrieval/stores/sqlite/schema.h"
#include "leyden/retrieval/stores/sqlite/sqlite_update.h"
#include "leyden/retrieval/stores/sqlite/update_lock.h"
#include "leyden/retrieval/stores/sqlite/word_search.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {
namespace {

namespace fs = std::filesystem;

struct RankedPassage {
  Hit hit;
  std::string document;
  std::int64_t first_line = 0;
};

class SqliteIndex final : public Index {
 public:
  SqliteIndex(sql::Database reader, SqliteIndexOptions options,
              std::unique_ptr<VectorSearch> vector_search)
      : options_(std::move(options)),
        vectors_(options_.embedder, options_.why_no_embedder, std::move(vector_search)),
        readers_(options_.file, std::move(reader), options_.searches_max) {}

  Result<UpdateReport> update(const fs::path& folder, const UpdateOptions& options,
                              const std::function<void(const UpdateProgress&)>& on_progress,
                              std::stop_token stop) override {
    if (auto good = options.check(); !good) return std::unexpected(good.error());
    if (options_.read_only)
      return fail(Errc::invalid_argument, "the index is open for reading only");
    auto lock = UpdateLock::take(options_.file, stop);
    if (!lock) return std::unexpected(lock.error());
    // A connection of its own: searches go on beside it.
    auto writer = sql::Database::open(options_.file, index_file_kind());
    if (!writer) return std::unexpected(writer.error());
    auto report = update_scope(*writer, folder, options, on_progress, stop);
    if (!report) return report;
    auto scope = scope_id(*writer, options.scope);
    if (!scope) return std::unexpected(scope.error());
    if (!*scope) return report;
    if (auto made = vectors_.update(*writer, **scope, on_progress, stop, *report); !made)
      return std::unexpected(made.error());
    return report;
  }

  Result<SearchAnswer> search(const SearchRequest& request) override {
    if (auto good = request.check(); !good) return std::unexpected(good.error());
    auto reader = readers_.take(request.deadline);
    if (!reader) return std::unexpected(reader.error());
    auto scope = scope_id((*reader)->database, request.scope);
    if (!scope) return std::unexpected(scope.error());
    SearchAnswer answer;
    if (!*scope) return answer;
    auto plan = vectors_.plan((*reader)->database, **scope, request);
    if (!plan) return std::unexpected(plan.error());
    answer.used = plan->ranking;
    answer.why_no_vectors = plan->why_no_vectors;

    auto snapshot = sql::Snapshot::begin((*reader)->database);
    if (!snapshot) return std::unexpected(snapshot.error());
    auto filter = PassageFilter::open((*reader)->database, **scope, request.filter);
    if (!filter) return std::unexpected(filter.error());
    auto hits = find(**reader, **scope, request, *plan, *filter);
    if (!hits) return std::unexpected(hits.error());
    auto passages = read_passages((*reader)->database, *hits, request.top_k);
    if (!passages) return std::unexpected(passages.error());
    answer.passages = *std::move(passages);
    return answer;
  }

  Result<PassagePage> list(const Scope& scope, const ListRequest& request) override {
    if (auto good = scope.check(); !good) return std::unexpected(good.error());
    if (request.limit == 0) return fail(Errc::invalid_argument, "a page of 0 passages");
    auto reader = readers_.take(Deadline::never());
    if (!reader) return std::unexpected(reader.error());
    auto snapshot = sql::Snapshot::begin((*reader)->database);
    if (!snapshot) return std::unexpected(snapshot.error());
    auto id = scope_id((*reader)->database, scope);
    if (!id) return std::unexpected(id.error());
    PassagePage page;
    if (!*id) return page;
    // Not LIKE: its pattern characters may be in names.
    const std::string_view where = request.document.empty() ? "?1 = ''"
                                   : request.document.ends_with('/')
                                       ? "substr(d.name, 1, length(?1)) = ?1"
                                       : "d.name = ?1";
    sql::Statement read(
        (*reader)->database,
        fmt::format("SELECT d.name, p.first_line, p.last_line, t.context, t.text, p.content, p.id "
                    "FROM passages p JOIN documents d ON d.id = p.document JOIN texts t ON "
                    "t.passage = p.id WHERE {} AND p.id > ?2 AND d.scope = ?4 ORDER BY p.id LIMIT "
                    "?3",
                    where));
    read.bind(request.document)
        .bind(static_cast<std::int64_t>(request.after))
        .bind(static_cast<std::int64_t>(std::min<std::size_t>(request.limit, 1'000'000)))
        .bind(**id);
    while (true) {
      auto row = read.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      auto passage = read_passage(read);
      if (!passage) return std::unexpected(passage.error());
      page.passages.push_back(*std::move(passage));
      page.next = static_cast<std::uint64_t>(read.number(6));
    }
    if (page.passages.size() < request.limit) page.next = 0;
    return page;
  }

  Result<std::vector<ScopeSummary>> scopes() override {
    auto reader = readers_.take(Deadline::never());
    if (!reader) return std::unexpected(reader.error());
    sql::Statement all(
        (*reader)->database,
        "SELECT s.tenant, s.collection, count(DISTINCT d.id), count(p.id), "
        "coalesce(sum(p.bytes), 0) FROM scopes s LEFT JOIN "
        "documents d ON d.scope = s.id LEFT JOIN passages p ON p.document = d.id GROUP "
        "BY s.id ORDER BY 1, 2");
    std::vector<ScopeSummary> out;
    while (true) {
      auto row = all.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return out;
      out.push_back(
          {.scope = {.tenant = std::string(all.text(0)), .collection = std::string(all.text(1))},
           .documents = static_cast<std::uint64_t>(all.number(2)),
           .passages = static_cast<std::uint64_t>(all.number(3)),
           .bytes = static_cast<std::uint64_t>(all.number(4))});
    }
  }

 private:
  // At least the best `top_k`, and what is as good as the last of them.
  static Result<std::vector<Hit>> find(Reader& reader, std::int64_t scope,
                                       const SearchRequest& request,
                                       const PassageVectors::Plan& plan, PassageFilter& filter) {
    const std::size_t depth =
        plan.ranking == Ranking::fused ? std::max(request.top_k, kFusedDepth) : request.top_k;
    std::vector<Hit> by_words;
    if (plan.ranking != Ranking::vectors) {
      auto found =
          reader.words.search(scope, query_words(reader.splitter, request.query), depth, filter);
      if (!found || plan.ranking == Ranking::words) return found;
      by_words = *std::move(found);
    }
    auto by_meaning = PassageVectors::search(reader.database, plan, depth, filter);
    if (!by_meaning) return std::unexpected(by_meaning.error());
    std::vector<Hit> hits;
    if (plan.ranking == Ranking::vectors) {
      for (const VectorHit& hit : *by_meaning)
        hits.push_back({.passage = hit.passage, .score = hit.score});
      return hits;
    }
    WeightedRanking rankings[2];
    for (const Hit& hit : by_words) rankings[0].passages.push_back(hit.passage);
    for (const VectorHit& hit : *by_meaning) rankings[1].passages.push_back(hit.passage);
    rankings[1].weight = plan.weight;
    for (const FusedPassage& fused : fuse_by_reciprocal_rank(rankings, request.top_k))
      hits.push_back({.passage = fused.passage, .score = fused.score});
    return hits;
  }

  // Nullopt: no such scope. Errors: unavailable: an upgrade has emptied it, it would answer wrong.
  Result<std::optional<std::int64_t>> scope_id(sql::Database& database, const Scope& scope) const {
    sql::Statement find(database,
                        "SELECT s.id, r.root FROM scopes s LEFT JOIN refill r ON r.scope = s.id "
                        "WHERE s.tenant = ? AND s.collection = ?");
    find.bind(scope.tenant).bind(scope.collection);
    auto known = find.step();
    if (!known) return std::unexpected(known.error());
    if (!*known) return std::nullopt;
    if (!find.is_null(1)) {
      return fail(Errc::unavailable,
                  "{} was written by an older Leyden and is to be filled again: run `leyden index "
                  "{}`, or delete the file and index what you need",
                  options_.file.string(), utf8::one_line(as_text(find.blob(1))));
    }
    return find.number(0);
  }

  // The best `top_k` of the hits; equal scores by document and line.
  Result<std::vector<Passage>> read_passages(sql::Database& database, const std::vector<Hit>& hits,
                                             std::size_t top_k) const {
    std::vector<RankedPassage> ranked;
    sql::Statement place(database,
                         "SELECT d.name, p.first_line FROM passages p JOIN documents d ON d.id = "
                         "p.document WHERE p.id = ?");
    for (const Hit& hit : hits) {
      auto row = place.bind(hit.passage).step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return missing_passage();
      ranked.push_back(
          {.hit = hit, .document = std::string(place.text(0)), .first_line = place.number(1)});
      place.reset();
    }
    std::ranges::sort(ranked, [](const RankedPassage& a, const RankedPassage& b) {
      return std::tuple(-a.hit.score, std::string_view(a.document), a.first_line, a.hit.passage) <
             std::tuple(-b.hit.score, std::string_view(b.document), b.first_line, b.hit.passage);
    });
    ranked.resize(std::min(ranked.size(), top_k));
    sql::Statement read(
        database,
        "SELECT d.name, p.first_line, p.last_line, t.context, t.text, p.content FROM passages p "
        "JOIN documents d ON d.id = p.document JOIN texts t ON t.passage = p.id WHERE p.id = ?");
    std::vector<Passage> passages;
    for (const RankedPassage& one : ranked) {
      auto row = read.bind(one.hit.passage).step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return missing_passage();
      auto passage = read_passage(read);
      if (!passage) return std::unexpected(passage.error());
      passage->score = one.hit.score;
      passages.push_back(*std::move(passage));
      read.reset();
    }
    return passages;
  }

  // From the columns name, first_line, last_line, context, text, content.
  Result<Passage> read_passage(sql::Statement& row) const {
    auto content = Digest::from_bytes(row.blob(5));
    if (!content) return missing_passage();
    return Passage{.document = std::string(row.text(0)),
                   .first_line = static_cast<std::size_t>(row.number(1)),
                   .last_line = static_cast<std::size_t>(row.number(2)),
                   .context = std::string(row.text(3)),
                   .text = std::string(row.text(4)),
                   .content = *content};
  }

  std::unexpected<Error> missing_passage() const {
    return fail(Errc::corrupt,
                "{} misses part of a passage that its words name: delete it and run `leyden index` "
                "again",
                options_.file.string());
  }

  SqliteIndexOptions options_;
  PassageVectors vectors_;
  ReaderPool readers_;
};

}  // namespace

Result<std::unique_ptr<Index>> open_sqlite_index(const SqliteIndexOptions& options) {
  if (options.searches_max == 0)
    return fail(Errc::invalid_argument, "searches_max is 0: nobody could search");
  auto database =
      sql::Database::open(options.file, index_file_kind(),
                          options.read_only ? sql::OpenMode::existing : sql::OpenMode::read_write);
  if (!database) return std::unexpected(database.error());
  auto vector_search = VectorSearch::open({.index_file = options.file});
  if (!vector_search) return std::unexpected(vector_search.error());
  return std::make_unique<SqliteIndex>(*std::move(database), options, *std::move(vector_search));
}

}  // namespace leyden::retrieval
