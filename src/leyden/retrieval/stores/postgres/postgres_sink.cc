#include "leyden/retrieval/stores/postgres/postgres_sink.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "leyden/retrieval/bm25.h"

namespace leyden::retrieval::postgres {
namespace {

constexpr std::int64_t kIdsAtOnce = 1'000;

// A value within a row of COPY's text format.
void append_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
}

void append_blob(std::string& out, BytesView bytes) {
  out += '\\';  // Escapes the backslash of \x.
  append_bytes(out, bytes);
}

}  // namespace

Result<std::map<std::string, KnownDocument>> PostgresSink::known_documents(std::string_view root) {
  auto rows = connection_.run(
      "SELECT path, id, digest, chunking, size, mtime_ns, read_ns FROM leyden.documents WHERE "
      "scope "
      "= $1::integer AND md5(root) = md5($2::bytea) AND root = $2::bytea",
      Values().add(scope_).add_bytes(as_bytes(root)));
  if (!rows) return std::unexpected(rows.error());
  std::map<std::string, KnownDocument> out;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    out.emplace(
        std::string(rows->text(i, 0)),
        KnownDocument{.id = rows->number(i, 1),
                      .digest = Digest::from_bytes(as_bytes(rows->text(i, 2))).value_or(Digest{}),
                      .chunking = std::string(rows->text(i, 3)),
                      .size = rows->number(i, 4),
                      .mtime_ns = rows->number(i, 5),
                      .read_ns = rows->number(i, 6)});
  }
  return out;
}

Result<void> PostgresSink::begin() {
  auto transaction = Transaction::begin(connection_, Transaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  transaction_.emplace(*std::move(transaction));
  return {};
}

Result<std::int64_t> PostgresSink::next_id(const char* sequence, std::vector<std::int64_t>& ids) {
  if (ids.empty()) {
    auto rows = connection_.run(
        fmt::format("SELECT nextval('{}') FROM generate_series(1, {})", sequence, kIdsAtOnce));
    if (!rows) return std::unexpected(rows.error());
    for (std::size_t i = rows->size(); i-- > 0;) ids.push_back(rows->number(i, 0));
  }
  const std::int64_t id = ids.back();
  ids.pop_back();
  return id;
}

Result<void> PostgresSink::put(std::int64_t id, const DocumentRecord& record,
                               std::span<const PassageDraft> passages) {
  std::multimap<Digest, std::int64_t> old;
  if (id == 0) {
    auto fresh = next_id("leyden.document_ids", document_ids_);
    if (!fresh) return std::unexpected(fresh.error());
    id = *fresh;
    documents_ += fmt::format("{}\t{}\t", id, scope_);
    append_blob(documents_, as_bytes(record.root));
    documents_ += '\t';
    append_blob(documents_, as_bytes(record.path));
    for (const std::string_view text : {record.name, record.language, record.chunking}) {
      documents_ += '\t';
      append_text(documents_, text);
    }
    documents_ += '\t';
    append_blob(documents_, record.digest.bytes);
    documents_ += fmt::format("\t{}\t{}\t{}\n", record.size, record.mtime_ns, record.read_ns);
  } else {
    auto changed = connection_.run(
        "UPDATE leyden.documents SET language = $1, chunking = $2, digest = $3::bytea, size = "
        "$4::bigint, mtime_ns = $5::bigint, read_ns = $6::bigint WHERE id = $7::bigint",
        Values()
            .add(record.language)
            .add(record.chunking)
            .add_bytes(record.digest.bytes)
            .add(record.size)
            .add(record.mtime_ns)
            .add(record.read_ns)
            .add(id));
    if (!changed) return std::unexpected(changed.error());
    auto rows = connection_.run(
        "SELECT id, content FROM leyden.passages WHERE document = $1::bigint ORDER BY id",
        Values().add(id));
    if (!rows) return std::unexpected(rows.error());
    for (std::size_t i = 0; i < rows->size(); ++i) {
      old.emplace(Digest::from_bytes(as_bytes(rows->text(i, 1))).value_or(Digest{}),
                  rows->number(i, 0));
    }
  }
  std::vector<std::int64_t> moved[3];  // IDs, first and last lines.
  for (const PassageDraft& passage : passages) {
    if (auto same = old.find(passage.content); same != old.end()) {
      moved[0].push_back(same->second);
      moved[1].push_back(static_cast<std::int64_t>(passage.first_line));
      moved[2].push_back(static_cast<std::int64_t>(passage.last_line));
      old.erase(same);
      continue;
    }
    add_passage(id, record.name, passage);
  }
  counts_.kept += moved[0].size();
  for (const auto& [content, passage] : old) removed_passages_.push_back(passage);
  if (moved[0].empty()) return {};
  auto written = connection_.run(
      "UPDATE leyden.passages p SET first_line = m.first_line, last_line = m.last_line FROM "
      "unnest($1::bigint[], $2::bigint[], $3::bigint[]) m(id, first_line, last_line) WHERE p.id = "
      "m.id AND (p.first_line, p.last_line) <> (m.first_line, m.last_line)",
      Values().add_numbers(moved[0]).add_numbers(moved[1]).add_numbers(moved[2]));
  if (!written) return std::unexpected(written.error());
  return {};
}

void PostgresSink::add_passage(std::int64_t document, std::string_view name,
                               const PassageDraft& passage) {
  NewPassage& added = passages_.emplace_back();
  added.document = document;
  // As stores/sqlite/posting_writer.cc counts them.
  std::vector<WordChange*> counted;
  const auto count = [&](bm25::Field field, std::string_view value) {
    splitter_.split(value, [&](const Word& word) {
      WordChange& change = words_[std::string(word.text)];
      if (change.counted == 0) counted.push_back(&change);
      change.counted += static_cast<std::int32_t>(bm25::weight(field, word.kind));
      added.length += bm25::length(field, word.kind);
    });
  };
  count(bm25::Field::name, name);
  count(bm25::Field::context, passage.context);
  count(bm25::Field::text, passage.text);
  for (WordChange* change : counted) {
    added.words.emplace_back(change, std::exchange(change->counted, 0));
    ++change->passages;
  }
  added.row =
      fmt::format("\t{}\t{}\t{}\t", passage.first_line, passage.last_line, passage.text.size());
  append_blob(added.row, passage.content.bytes);
  added.row += '\t';
  append_blob(added.row, as_bytes(passage.context));
  added.row += '\t';
  append_blob(added.row, as_bytes(passage.text));
  added.row += '\n';
}

Result<void> PostgresSink::touch(std::int64_t id, const DocumentRecord& record) {
  auto changed = connection_.run(
      "UPDATE leyden.documents SET size = $1::bigint, mtime_ns = $2::bigint, read_ns = $3::bigint "
      "WHERE id = $4::bigint",
      Values().add(record.size).add(record.mtime_ns).add(record.read_ns).add(id));
  if (!changed) return std::unexpected(changed.error());
  return {};
}

Result<void> PostgresSink::remove(std::int64_t id) {
  removed_documents_.push_back(id);
  return {};
}

Result<void> PostgresSink::commit() {
  if (auto removed = remove_passages(); !removed) return removed;
  if (auto named = name_words(); !named) return named;
  if (auto copied = copy_passages(); !copied) return copied;
  auto committed = transaction_->commit();
  transaction_.reset();
  return committed;
}

// With what they add to the words' and the scope's numbers.
Result<void> PostgresSink::remove_passages() {
  if (!removed_documents_.empty()) {
    auto rows = connection_.run("SELECT id FROM leyden.passages WHERE document = ANY($1::bigint[])",
                                Values().add_numbers(removed_documents_));
    if (!rows) return std::unexpected(rows.error());
    for (std::size_t i = 0; i < rows->size(); ++i) removed_passages_.push_back(rows->number(i, 0));
  }
  if (!removed_passages_.empty()) {
    auto removed = connection_.run(
        "WITH gone AS (DELETE FROM leyden.terms WHERE passage = ANY($1::bigint[]) RETURNING words, "
        "length), fewer AS (SELECT word, count(*) AS passages FROM gone, unnest(words) word GROUP "
        "BY "
        "word), less AS (UPDATE leyden.words w SET passages = w.passages - f.passages FROM fewer f "
        "WHERE w.id = f.word) UPDATE leyden.scopes SET passages = passages - (SELECT count(*) FROM "
        "gone), length = length - (SELECT coalesce(sum(length), 0) FROM gone) WHERE id = "
        "$2::integer",
        Values().add_numbers(removed_passages_).add(scope_));
    if (!removed) return std::unexpected(removed.error());
    auto passages = connection_.run("DELETE FROM leyden.passages WHERE id = ANY($1::bigint[])",
                                    Values().add_numbers(removed_passages_));
    if (!passages) return std::unexpected(passages.error());
  }
  if (!removed_documents_.empty()) {
    auto documents = connection_.run("DELETE FROM leyden.documents WHERE id = ANY($1::bigint[])",
                                     Values().add_numbers(removed_documents_));
    if (!documents) return std::unexpected(documents.error());
  }
  return {};
}

// Gives each word of the batch its ID and its new number of passages. What nobody says any more goes.
Result<void> PostgresSink::name_words() {
  if (!words_.empty()) {
    std::vector<std::string> all;
    for (const auto& [word, change] : words_) all.push_back(word);
    std::ranges::sort(all);  // Neighbours share pages.
    const auto note = [&](const Rows& rows) {
      for (std::size_t i = 0; i < rows.size(); ++i)
        words_[std::string(rows.text(i, 1))].id = rows.number(i, 0);
    };
    auto known = connection_.run(
        "SELECT id, word FROM leyden.words WHERE scope = $1::integer AND word = ANY($2::text[])",
        Values().add(scope_).add_texts(all));
    if (!known) return std::unexpected(known.error());
    note(*known);
    std::erase_if(all, [&](const std::string& word) { return words_[word].id != 0; });
    auto added = connection_.run(
        "INSERT INTO leyden.words(scope, word, passages) SELECT $1::integer, word, 0 FROM "
        "unnest($2::text[]) word RETURNING id, word",
        Values().add(scope_).add_texts(all));
    if (!added) return std::unexpected(added.error());
    note(*added);
    std::vector<std::int64_t> ids;
    std::vector<std::int64_t> more;
    for (const auto& [word, change] : words_) {
      ids.push_back(change.id);
      more.push_back(change.passages);
    }
    auto counted = connection_.run(
        "UPDATE leyden.words w SET passages = w.passages + m.passages FROM unnest($1::integer[], "
        "$2::bigint[]) m(id, passages) WHERE w.id = m.id",
        Values().add_numbers(ids).add_numbers(more));
    if (!counted) return std::unexpected(counted.error());
  }
  if (removed_passages_.empty()) return {};
  auto unsaid = connection_.run(
      "DELETE FROM leyden.words WHERE scope = $1::integer AND passages = 0", Values().add(scope_));
  if (!unsaid) return std::unexpected(unsaid.error());
  return {};
}

Result<void> PostgresSink::copy_passages() {
  std::string passages;
  std::string terms;
  std::int64_t length = 0;
  for (const NewPassage& passage : passages_) {
    auto id = next_id("leyden.passage_ids", passage_ids_);
    if (!id) return std::unexpected(id.error());
    passages += fmt::format("{}\t{}\t{}{}", *id, scope_, passage.document, passage.row);
    terms += fmt::format("{}\t{}\t{}\t{}\t{{", *id, passage.document, passage.length,
                         bm25::length_code(passage.length));
    std::string frequencies;
    for (const auto& [word, frequency] : passage.words) {
      const std::string_view comma = frequencies.empty() ? "" : ",";
      fmt::format_to(std::back_inserter(terms), "{}{}", comma, word->id);
      fmt::format_to(std::back_inserter(frequencies), "{}{}", comma,
                     std::min<std::int32_t>(frequency, std::numeric_limits<std::int16_t>::max()));
    }
    terms += "}\t{" + frequencies + "}\n";
    length += passage.length;
  }
  if (!documents_.empty()) {
    if (auto copied = connection_.copy(
            "COPY leyden.documents(id, scope, root, path, name, language, chunking, digest, size, "
            "mtime_ns, read_ns) FROM STDIN",
            documents_);
        !copied)
      return copied;
  }
  if (!passages_.empty()) {
    if (auto copied = connection_.copy("COPY leyden.passages(id, scope, document, first_line, "
                                       "last_line, bytes, content, context, "
                                       "text) FROM STDIN",
                                       passages);
        !copied)
      return copied;
    if (auto copied = connection_.copy("COPY leyden.terms(passage, document, length, length_code, "
                                       "words, frequencies) FROM STDIN",
                                       terms);
        !copied)
      return copied;
    auto totals = connection_.run(
        "UPDATE leyden.scopes SET passages = passages + $1::bigint, length = length + $2::bigint "
        "WHERE id = $3::integer",
        Values().add(static_cast<std::int64_t>(passages_.size())).add(length).add(scope_));
    if (!totals) return std::unexpected(totals.error());
  }
  counts_.added += passages_.size();
  counts_.removed += removed_passages_.size();
  words_.clear();
  documents_.clear();
  passages_.clear();
  removed_passages_.clear();
  removed_documents_.clear();
  return {};
}

Result<std::uint64_t> PostgresSink::passages_total() {
  auto row = connection_.run("SELECT passages FROM leyden.scopes WHERE id = $1::integer",
                             Values().add(scope_));
  if (!row) return std::unexpected(row.error());
  return row->size() == 0 ? 0 : static_cast<std::uint64_t>(row->number(0, 0));
}

}  // namespace leyden::retrieval::postgres
