#include "leyden/retrieval/stores/postgres/postgres_index.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "leyden/base/stoppable_wait.h"
#include "leyden/base/utf8.h"
#include "leyden/retrieval/folder_update.h"
#include "leyden/retrieval/fuse.h"
#include "leyden/retrieval/query.h"
#include "leyden/retrieval/stores/postgres/connection_pool.h"
#include "leyden/retrieval/stores/postgres/postgres_sink.h"
#include "leyden/retrieval/stores/postgres/schema.h"
#include "leyden/retrieval/stores/postgres/search.h"

namespace leyden::retrieval {
namespace {

namespace fs = std::filesystem;
using postgres::Connection;
using postgres::Transaction;
using postgres::Values;

// Smaller than SQLite's: a batch is in memory here, and again there.
constexpr BatchLimits kBatch{.files = 1'000, .bytes = 4 * MiB};

class PostgresIndex final : public Index {
 public:
  explicit PostgresIndex(PostgresIndexOptions options)
      : options_(std::move(options)),
        pool_(connection_options(options_.search_timeout), options_.searches_max) {}

  Result<void> open() {
    return pool_.run(Deadline::never(), [&](Connection& connection) -> Result<void> {
      if (auto opened = postgres::open_schema(connection, options_.read_only); !opened)
        return opened;
      auto vectors = find_vectors(connection);
      if (!vectors) return std::unexpected(vectors.error());
      return {};
    });
  }

  Result<UpdateReport> update(const fs::path& folder, const UpdateOptions& options,
                              const std::function<void(const UpdateProgress&)>& on_progress,
                              std::stop_token stop) override {
    if (auto good = options.check(); !good) return std::unexpected(good.error());
    if (options_.read_only)
      return fail(Errc::invalid_argument, "the index is open for reading only");
    auto connection =
        Connection::open(connection_options(options_.update_timeout), Deadline::never());
    if (!connection) return std::unexpected(connection.error());
    auto scope = open_scope(**connection, options.scope);
    if (!scope) return std::unexpected(scope.error());
    if (auto locked = lock(**connection, *scope, stop); !locked)
      return std::unexpected(locked.error());
    // The lock goes with the connection.
    postgres::PostgresSink sink(**connection, *scope);
    if (auto room = connection->get()->run("SELECT set_config('work_mem', '64MB', false)"); !room)
      return std::unexpected(room.error());
    auto report = update_from_folder(sink, folder, options, kBatch, on_progress, stop);
    // A search reads what waits one by one. Who does not own the index leaves it to the server's own vacuum.
    if (!(*connection)->lost())
      (void)(*connection)->run("SELECT gin_clean_pending_list('leyden.terms_by_word')");
    if (!report) return report;
    if (auto filled = fill_vectors(**connection, *scope, on_progress, stop, *report); !filled)
      return std::unexpected(filled.error());
    if (report->passages_added > report->passages_total / 10) {
      // For the planner. Whoever may not is told so by a notice.
      auto analyzed = (*connection)
                          ->run(
                              "ANALYZE leyden.words, leyden.terms, leyden.passages, "
                              "leyden.documents");
      if (!analyzed) return std::unexpected(analyzed.error());
    }
    return report;
  }

  Result<SearchAnswer> search(const SearchRequest& request) override {
    if (auto good = request.check(); !good) return std::unexpected(good.error());
    std::optional<Vector> vector;
    SearchAnswer answer;
    if (request.ranking != Ranking::words) {
      auto made = query_vector(request);
      if (made) {
        vector = *std::move(made);
      } else if (request.ranking != Ranking::best) {
        return std::unexpected(made.error());
      } else {
        answer.why_no_vectors = made.error().message;
      }
    }
    answer.used = !vector                               ? Ranking::words
                  : request.ranking == Ranking::vectors ? Ranking::vectors
                                                        : Ranking::fused;
    WordSplitter splitter;
    const auto words = query_words(splitter, request.query);
    auto passages =
        pool_.run(request.deadline, [&](Connection& connection) -> Result<std::vector<Passage>> {
          auto snapshot = Transaction::begin(connection, Transaction::Kind::snapshot);
          if (!snapshot) return std::unexpected(snapshot.error());
          auto id = scope_id(connection, request.scope, request.deadline);
          if (!id) return std::unexpected(id.error());
          if (!*id) return std::vector<Passage>();
          const postgres::SearchScope scope{
              .id = **id, .filter = request.filter, .deadline = request.deadline};
          const bool fused = answer.used == Ranking::fused;
          const std::size_t depth = fused ? std::max(request.top_k, kFusedDepth) : request.top_k;
          std::vector<postgres::Found> found;
          if (answer.used != Ranking::vectors) {
            auto by_words = search_words(connection, scope, words, depth);
            if (!by_words) return std::unexpected(by_words.error());
            found = *std::move(by_words);
          }
          if (vector) {
            auto by_vectors = search_vectors(connection, scope, vectors_.name, *vector, depth);
            if (!by_vectors) return std::unexpected(by_vectors.error());
            found = fused ? fuse(found, *by_vectors, request.top_k) : *std::move(by_vectors);
          }
          auto out = postgres::read_passages(connection, found, request.top_k, request.deadline);
          if (!out) return out;
          if (auto ended = snapshot->commit(); !ended) return std::unexpected(ended.error());
          return out;
        });
    if (!passages) return std::unexpected(passages.error());
    answer.passages = *std::move(passages);
    return answer;
  }

  Result<PassagePage> list(const Scope& scope, const ListRequest& request) override {
    if (auto good = scope.check(); !good) return std::unexpected(good.error());
    if (request.limit == 0) return fail(Errc::invalid_argument, "a page of 0 passages");
    const std::string_view where = request.document.empty()          ? "$5 = ''"
                                   : request.document.ends_with('/') ? "starts_with(d.name, $5)"
                                                                     : "d.name = $5";
    if (request.document.find('\0') != std::string::npos || !utf8::is_valid(request.document))
      return PassagePage{};
    const auto limit = std::min<std::size_t>(request.limit, 1'000'000);
    auto rows = pool_.run(Deadline::never(), [&](Connection& connection) {
      return connection.run(
          fmt::format(
              "SELECT d.name, p.first_line, p.last_line, p.context, p.text, p.content, p.id FROM "
              "leyden.scopes s JOIN leyden.passages p ON p.scope = s.id JOIN leyden.documents d ON "
              "d.id = p.document WHERE s.tenant = $1 AND s.collection = $2 AND p.id > $3::bigint "
              "AND "
              "{} ORDER BY p.id LIMIT $4::bigint",
              where),
          Values()
              .add(scope.tenant)
              .add(scope.collection)
              .add(static_cast<std::int64_t>(std::min<std::uint64_t>(request.after, INT64_MAX)))
              .add(static_cast<std::int64_t>(limit))
              .add(request.document));
    });
    if (!rows) return std::unexpected(rows.error());
    PassagePage page;
    for (std::size_t i = 0; i < rows->size(); ++i) {
      auto passage = postgres::passage_of(*rows, i);
      if (!passage) return std::unexpected(passage.error());
      page.passages.push_back(*std::move(passage));
      page.next = static_cast<std::uint64_t>(rows->number(i, 6));
    }
    if (page.passages.size() < limit) page.next = 0;
    return page;
  }

  Result<std::vector<ScopeSummary>> scopes() override {
    auto rows = pool_.run(Deadline::never(), [&](Connection& connection) {
      return connection.run(
          "SELECT s.tenant, s.collection, (SELECT count(*) FROM leyden.documents d WHERE d.scope = "
          "s.id), count(p.id), coalesce(sum(p.bytes), 0)::bigint FROM leyden.scopes s LEFT JOIN "
          "leyden.passages p ON p.scope = s.id GROUP BY s.id ORDER BY 1, 2");
    });
    if (!rows) return std::unexpected(rows.error());
    std::vector<ScopeSummary> out;
    for (std::size_t i = 0; i < rows->size(); ++i) {
      out.push_back({.scope = {.tenant = std::string(rows->text(i, 0)),
                               .collection = std::string(rows->text(i, 1))},
                     .documents = static_cast<std::uint64_t>(rows->number(i, 2)),
                     .passages = static_cast<std::uint64_t>(rows->number(i, 3)),
                     .bytes = static_cast<std::uint64_t>(rows->number(i, 4))});
    }
    return out;
  }

 private:
  [[nodiscard]] std::vector<postgres::Found> fuse(const std::vector<postgres::Found>& by_words,
                                                  const std::vector<postgres::Found>& by_vectors,
                                                  std::size_t top_k) const {
    WeightedRanking rankings[2];
    for (const postgres::Found& found : by_words) rankings[0].passages.push_back(found.passage);
    for (const postgres::Found& found : by_vectors) rankings[1].passages.push_back(found.passage);
    rankings[1].weight = options_.embedder->ranking_weight();
    std::vector<postgres::Found> out;
    for (const FusedPassage& fused : fuse_by_reciprocal_rank(rankings, top_k))
      out.push_back({.passage = fused.passage, .score = fused.score});
    return out;
  }

  [[nodiscard]] postgres::ConnectionOptions connection_options(
      std::chrono::milliseconds call_timeout) const {
    return {.url = options_.url,
            .connect_timeout = options_.connect_timeout,
            .call_timeout = call_timeout};
  }

  Result<void> find_vectors(Connection& connection) {
    if (options_.embedder == nullptr) {
      vectors_.why_none = options_.why_no_embedder;
      return {};
    }
    auto found = postgres::open_vectors(connection, *options_.embedder, options_.read_only);
    if (!found) return std::unexpected(found.error());
    vectors_ = *std::move(found);
    return {};
  }

  Result<Vector> query_vector(const SearchRequest& request) {
    if (vectors_.name.empty())
      return fail(Errc::unsupported, "the index has no vectors: {}", vectors_.why_none);
    const std::string_view text = request.query;
    auto made = options_.embedder->embed({&text, 1}, TextRole::query, request.deadline);
    if (!made) return std::unexpected(made.error());
    if (made->size() != 1 || made->front().size() != options_.embedder->dimensions())
      return fail(Errc::corrupt, "the embedding model gave no vector of its own size");
    return std::move(made->front());
  }

  static Result<std::optional<std::int64_t>> scope_id(Connection& connection, const Scope& scope,
                                                      Deadline deadline) {
    auto row = connection.run("SELECT id FROM leyden.scopes WHERE tenant = $1 AND collection = $2",
                              Values().add(scope.tenant).add(scope.collection), deadline);
    if (!row) return std::unexpected(row.error());
    if (row->size() == 0) return std::nullopt;
    return row->number(0, 0);
  }

  static Result<std::int64_t> open_scope(Connection& connection, const Scope& scope) {
    auto known = scope_id(connection, scope, Deadline::never());
    if (!known) return std::unexpected(known.error());
    if (*known) return **known;
    auto made = connection.run(
        "INSERT INTO leyden.scopes(tenant, collection) VALUES($1, $2) ON CONFLICT DO NOTHING",
        Values().add(scope.tenant).add(scope.collection));
    if (!made) return std::unexpected(made.error());
    known = scope_id(connection, scope, Deadline::never());
    if (!known) return std::unexpected(known.error());
    if (!*known) return fail(Errc::corrupt, "the index lost a scope while it was made");
    return **known;
  }

  static Result<void> lock(Connection& connection, std::int64_t scope,
                           const std::stop_token& stop) {
    const Deadline give_up = Deadline::after(std::chrono::seconds(10));
    while (true) {
      auto got = connection.run("SELECT pg_try_advisory_lock($1::integer, $2::integer)",
                                Values().add(postgres::kLockClass).add(scope));
      if (!got) return std::unexpected(got.error());
      if (got->number(0, 0) != 0) return {};
      if (give_up.passed())
        return fail(Errc::overloaded,
                    "another process is updating that collection: wait for it to end");
      if (!wait_unless_stopped(stop, Deadline::after(std::chrono::milliseconds(50))))
        return fail(Errc::cancelled, "interrupted while waiting for another update");
    }
  }

  // For the passages that have none in this embedder's space: new ones, and those of an update that was cut short. A failure of the embedder
  // is in the report.
  Result<void> fill_vectors(Connection& connection, std::int64_t scope,
                            const std::function<void(const UpdateProgress&)>& on_progress,
                            const std::stop_token& stop, UpdateReport& report) {
    if (vectors_.name.empty()) {
      report.why_no_vectors = vectors_.why_none;
      return {};
    }
    const std::string without_vector = fmt::format(
        "FROM leyden.passages p JOIN leyden.documents d ON d.id = p.document WHERE p.scope = "
        "$1::integer AND p.id > $2::bigint AND NOT EXISTS (SELECT FROM {} v WHERE v.passage = "
        "p.id)",
        vectors_.name);
    std::int64_t after = 0;
    auto missing =
        connection.run("SELECT count(*) " + without_vector, Values().add(scope).add(after));
    if (!missing) return std::unexpected(missing.error());
    report.vectors_missing = static_cast<std::uint64_t>(missing->number(0, 0));
    UpdateProgress progress{.files_done = 0,
                            .files_total = 0,
                            .bytes_done = 0,
                            .bytes_total = report.vectors_missing,
                            .document = "vectors"};
    while (report.vectors_missing > 0) {
      if (stop.stop_requested())
        return fail(Errc::cancelled, "interrupted: what was read so far is kept");
      auto rows = connection.run(fmt::format("SELECT p.id, d.name, p.context, p.text {} ORDER BY "
                                             "p.id LIMIT {}",
                                             without_vector, kEmbeddedAtOnce),
                                 Values().add(scope).add(after));
      if (!rows) return std::unexpected(rows.error());
      if (rows->size() == 0) return {};
      std::vector<std::string> texts;
      for (std::size_t i = 0; i < rows->size(); ++i)
        texts.push_back(embedded_text(rows->text(i, 1), rows->text(i, 2), rows->text(i, 3)));
      const std::vector<std::string_view> views(texts.begin(), texts.end());
      auto vectors =
          options_.embedder->embed(views, TextRole::passage, Deadline::after(kEmbedTimeout));
      if (!vectors) {
        report.why_no_vectors = vectors.error().message;
        return {};
      }
      std::string data;
      for (std::size_t i = 0; i < rows->size(); ++i) {
        after = rows->number(i, 0);
        data += fmt::format("{}\t{}\t[{}]\n", after, scope, fmt::join((*vectors)[i], ","));
      }
      auto copied = connection.copy(
          fmt::format("COPY {}(passage, scope, vector) FROM STDIN", vectors_.name), data);
      if (!copied) return copied;
      report.vectors_added += rows->size();
      report.vectors_missing -= std::min<std::uint64_t>(rows->size(), report.vectors_missing);
      progress.bytes_done = report.vectors_added;
      if (on_progress) on_progress(progress);
    }
    return {};
  }

  PostgresIndexOptions options_;
  postgres::ConnectionPool pool_;
  postgres::VectorTable vectors_;
};

}  // namespace

Result<std::unique_ptr<Index>> open_postgres_index(const PostgresIndexOptions& options) {
  if (options.searches_max == 0)
    return fail(Errc::invalid_argument, "searches_max is 0: nobody could search");
  auto index = std::make_unique<PostgresIndex>(options);
  if (auto opened = index->open(); !opened) return std::unexpected(opened.error());
  return index;
}

}  // namespace leyden::retrieval
