#include "leyden/retrieval/stores/postgres/search.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>

#include "leyden/retrieval/bm25.h"

namespace leyden::retrieval::postgres {
namespace {

// Sums of the same numbers in another order differ by less than this share.
constexpr double kRounding = 1 + 1e-9;

// A filter's path as LIKE has it.
std::string like_pattern(std::string_view path) {
  std::string out;
  const bool is_folder = path.ends_with('/') && path.find_first_of("*?") == std::string_view::npos;
  for (const char c : path) {
    if (c == '*') {
      out += '%';
    } else if (c == '?') {
      out += '_';
    } else {
      if (c == '%' || c == '_' || c == '\\') out += '\\';
      out += c;
    }
  }
  return is_folder ? out + '%' : out;
}

// " AND document IN (...)", empty where everything counts; adds its values behind the `used` that are there.
std::string filter_sql(const SearchScope& scope, std::string_view column, int used,
                       Values& values) {
  const Filter& filter = scope.filter;
  if (filter.paths.empty() && filter.languages.empty()) return "";
  std::string out = fmt::format(
      " AND {} IN (SELECT id FROM leyden.documents WHERE scope = ${}::integer", column, ++used);
  values.add(scope.id);
  if (!filter.paths.empty()) {
    std::vector<std::string> patterns;
    for (const std::string& path : filter.paths) {
      if (path.find('\0') == std::string::npos) patterns.push_back(like_pattern(path));
    }
    out += fmt::format(" AND name LIKE ANY(${}::text[])", ++used);
    values.add_texts(patterns);
  }
  if (!filter.languages.empty()) {
    out += fmt::format(" AND language = ANY(${}::text[])", ++used);
    values.add_texts(filter.languages);
  }
  return out + ")";
}

std::vector<Found> read_found(const Rows& rows) {
  std::vector<Found> out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back({.passage = rows.number(i, 0), .score = rows.real(i, 1)});
  return out;
}

// A word of the query that the index knows.
struct Term {
  std::int64_t id = 0;
  double idf = 0;          // Times the query's weight.
  double score_max = 0;    // No passage gets more from this word.
  std::int64_t found = 0;  // Passages that hold it.
  bool telling = true;     // Brings candidates: QueryWord.
};

// The passages that hold one of `candidates`, each scored by all of `terms`; the best `top_k`.
Result<std::vector<Found>> score_passages(Connection& connection, const SearchScope& scope,
                                          std::span<const Term> terms, const bm25::Norms& norms,
                                          const std::vector<std::int64_t>& candidates,
                                          std::size_t top_k) {
  // Written out word by word: a sub-query that adds them up takes ten times as long a passage.
  std::string frequencies;
  std::string sum;
  for (std::size_t i = 0; i < terms.size(); ++i) {  // In the query's order: so are scores added up.
    frequencies += fmt::format(", t.frequencies[array_position(t.words, {})] / 2::float8 AS f{}",
                               terms[i].id, i);
    sum += fmt::format("{}coalesce({}::float8 * f{} * {}::float8 / (f{} + norm), 0)",
                       i == 0 ? "" : " + ", terms[i].idf, i, bm25::kK1 + 1, i);
  }
  Values values;
  values.add_reals(norms.of_code)
      .add_numbers(candidates)
      .add(static_cast<std::int64_t>(std::min<std::size_t>(top_k, 1'000'000)));
  const std::string filter = filter_sql(scope, "t.document", 3, values);
  const std::string sql = fmt::format(
      "WITH known AS (SELECT t.passage, t.document, ($1::float8[])[t.length_code + 1] AS norm{} "
      "FROM leyden.terms t WHERE t.words && $2::integer[]{} OFFSET 0), scored AS MATERIALIZED "
      "(SELECT passage, document, {} AS score FROM known), least AS (SELECT score FROM scored "
      "ORDER BY score DESC LIMIT 1 OFFSET $3::bigint - 1) SELECT s.passage, s.score FROM scored s "
      "JOIN leyden.documents d ON d.id = s.document JOIN leyden.passages p ON p.id = s.passage "
      "WHERE s.score >= coalesce((SELECT score FROM least), 0) ORDER BY s.score DESC, d.name, "
      "p.first_line, p.id LIMIT $3::bigint",
      frequencies, filter, sum);
  auto found = connection.run(sql, values, scope.deadline);
  if (!found) return std::unexpected(found.error());
  return read_found(*found);
}

}  // namespace

Result<std::vector<Found>> search_words(Connection& connection, const SearchScope& scope,
                                        const std::vector<QueryWord>& words, std::size_t top_k) {
  if (words.empty() || top_k == 0) return std::vector<Found>();
  std::vector<std::string> texts;
  for (const QueryWord& word : words) texts.push_back(word.text);
  auto known = connection.run(
      "SELECT s.passages, s.length, w.word, w.id, w.passages FROM leyden.scopes s JOIN "
      "leyden.words w "
      "ON w.scope = s.id AND w.word = ANY($2::text[]) WHERE s.id = $1::integer",
      Values().add(scope.id).add_texts(texts), scope.deadline);
  if (!known) return std::unexpected(known.error());
  if (known->size() == 0) return std::vector<Found>();
  const auto passages = static_cast<std::uint64_t>(known->number(0, 0));
  const bm25::Norms norms(static_cast<double>(known->number(0, 1)) / static_cast<double>(passages));
  std::map<std::string_view, std::size_t> row_of;
  for (std::size_t i = 0; i < known->size(); ++i) row_of[known->text(i, 2)] = i;
  std::vector<Term> terms;
  for (const QueryWord& word : words) {
    const auto row = row_of.find(word.text);
    if (row == row_of.end()) continue;
    const std::int64_t found = known->number(row->second, 4);
    const double idf = word.weight * bm25::idf(passages, static_cast<std::uint64_t>(found));
    terms.push_back({.id = known->number(row->second, 3),
                     .idf = idf,
                     .score_max = bm25::score_limit(idf),
                     .found = found,
                     .telling = word.telling});
  }
  std::vector<Term> telling;
  double rest = 0;  // What the words that bring no candidates can give together.
  for (const Term& term : terms) {
    if (term.telling) telling.push_back(term);
    rest += term.score_max;
  }
  std::ranges::sort(telling, std::ranges::greater(), &Term::score_max);
  std::vector<std::int64_t> candidates;
  std::int64_t candidates_found = 0;
  const auto take = [&](const Term& term) {
    candidates.push_back(term.id);
    candidates_found += term.found;
    rest -= term.score_max;
  };
  // MaxScore, in steps as long as a statement: the rarest words first, then as many more as could bring a passage among the best.
  std::vector<Found> best;
  std::size_t taken = 0;
  auto wanted = static_cast<std::int64_t>(4 * std::min<std::size_t>(top_k, 1'000'000));
  while (taken < telling.size()) {
    const std::size_t before = taken;
    if (best.size() == top_k) {
      while (taken < telling.size() && rest * kRounding >= best.back().score)
        take(telling[taken++]);
      if (taken == before) break;
    } else {
      while (taken < telling.size() && (taken == before || candidates_found < wanted))
        take(telling[taken++]);
      wanted *= 4;
    }
    auto found = score_passages(connection, scope, terms, norms, candidates, top_k);
    if (!found) return std::unexpected(found.error());
    best = *std::move(found);
  }
  return best;
}

Result<std::vector<Found>> search_vectors(Connection& connection, const SearchScope& scope,
                                          const std::string& table, const Vector& query,
                                          std::size_t top_k) {
  // The index gives its nearest of all scopes and documents, filters come behind it: it is to go on until there are enough, which
  // pgvector does since 0.8.
  auto set = connection.run(
      "SELECT set_config('hnsw.ef_search', $1, true), CASE WHEN string_to_array(extversion, "
      "'.')::integer[] >= '{0,8,0}' THEN set_config('hnsw.iterative_scan', 'strict_order', true) "
      "END "
      "FROM pg_extension WHERE extname = 'vector'",
      Values().add(std::to_string(std::clamp<std::size_t>(top_k, 100, 1'000))), scope.deadline);
  if (!set) return std::unexpected(set.error());
  Values values;
  values.add(fmt::format("[{}]", fmt::join(query, ",")))
      .add(scope.id)
      .add(static_cast<std::int64_t>(std::min<std::size_t>(top_k, 1'000'000)));
  const std::string filter = filter_sql(scope, "p.document", 3, values);
  const std::string sql = fmt::format(
      "WITH near AS MATERIALIZED (SELECT v.passage, v.vector <#> $1::vector AS distance FROM {} "
      "v{} "
      "WHERE v.scope = $2::integer{} ORDER BY v.vector <#> $1::vector LIMIT $3::bigint) SELECT "
      "n.passage, -n.distance FROM near n JOIN leyden.passages p ON p.id = n.passage JOIN "
      "leyden.documents d ON d.id = p.document ORDER BY n.distance, d.name, p.first_line, p.id",
      table, filter.empty() ? "" : " JOIN leyden.passages p ON p.id = v.passage", filter);
  auto found = connection.run(sql, values, scope.deadline);
  if (!found) return std::unexpected(found.error());
  return read_found(*found);
}

Result<std::vector<Passage>> read_passages(Connection& connection, const std::vector<Found>& found,
                                           std::size_t top_k, Deadline deadline) {
  if (found.empty()) return std::vector<Passage>();
  std::vector<std::int64_t> ids;
  std::vector<double> scores;
  for (const Found& one : found) {
    ids.push_back(one.passage);
    scores.push_back(one.score);
  }
  auto rows = connection.run(
      "SELECT d.name, p.first_line, p.last_line, p.context, p.text, p.content, f.score FROM "
      "unnest($1::bigint[], $2::float8[]) f(id, score) JOIN leyden.passages p ON p.id = f.id JOIN "
      "leyden.documents d ON d.id = p.document ORDER BY f.score DESC, d.name, p.first_line, p.id "
      "LIMIT $3::bigint",
      Values().add_numbers(ids).add_reals(scores).add(
          static_cast<std::int64_t>(std::min<std::size_t>(top_k, 1'000'000))),
      deadline);
  if (!rows) return std::unexpected(rows.error());
  std::vector<Passage> out;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    auto passage = passage_of(*rows, i);
    if (!passage) return std::unexpected(passage.error());
    passage->score = rows->real(i, 6);
    out.push_back(*std::move(passage));
  }
  return out;
}

Result<Passage> passage_of(const Rows& rows, std::size_t row) {
  auto content = Digest::from_bytes(as_bytes(rows.text(row, 5)));
  if (!content)
    return fail(Errc::corrupt,
                "a passage in the index has no digest: drop the schema leyden and index again");
  return Passage{.document = std::string(rows.text(row, 0)),
                 .first_line = static_cast<std::size_t>(rows.number(row, 1)),
                 .last_line = static_cast<std::size_t>(rows.number(row, 2)),
                 .context = std::string(rows.text(row, 3)),
                 .text = std::string(rows.text(row, 4)),
                 .content = *content};
}

}  // namespace leyden::retrieval::postgres
