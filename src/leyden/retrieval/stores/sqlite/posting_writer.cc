#include "leyden/retrieval/stores/sqlite/posting_writer.h"

#include <algorithm>

#include "leyden/retrieval/bm25.h"

namespace leyden::retrieval {
namespace {

std::unexpected<Error> lost_posting() {
  return fail(Errc::corrupt,
              "the index misses a word that it holds: delete it and run `leyden index` again");
}

}  // namespace

PostingWriter::PostingWriter(sql::Database& database, std::int64_t scope)
    : scope_(scope),
      find_word_(database,
                 "SELECT passages, frequency_max, length_code_min, tail FROM words WHERE scope = ? "
                 "AND word = ?"),
      put_word_(database,
                "INSERT OR REPLACE INTO words(scope, word, passages, frequency_max, "
                "length_code_min, tail) VALUES(?, ?, ?, ?, ?, ?)"),
      remove_word_(database, "DELETE FROM words WHERE scope = ? AND word = ?"),
      find_block_(database,
                  "SELECT last, block FROM postings WHERE scope = ? AND word = ? AND last >= ? "
                  "ORDER BY last LIMIT 1"),
      put_block_(database,
                 "INSERT OR REPLACE INTO postings(scope, word, last, block) VALUES(?, ?, ?, ?)"),
      remove_block_(database, "DELETE FROM postings WHERE scope = ? AND word = ? AND last = ?") {}

std::uint32_t PostingWriter::count(const PassageText& text) {
  for (Change* change : counted_) change->counted = 0;
  counted_.clear();
  length_ = 0;
  auto count_field = [&](bm25::Field field, std::string_view value) {
    splitter_.split(value, [&](const Word& word) {
      auto found = changes_.find(word.text);
      if (found == changes_.end()) found = changes_.try_emplace(std::string(word.text)).first;
      Change& change = found->second;
      if (change.counted == 0) counted_.push_back(&change);
      change.counted += bm25::weight(field, word.kind);
      length_ += bm25::length(field, word.kind);
    });
  };
  count_field(bm25::Field::name, text.name);
  count_field(bm25::Field::context, text.context);
  count_field(bm25::Field::text, text.text);
  return length_;
}

void PostingWriter::add(std::int64_t passage) {
  const std::uint8_t length_code = bm25::length_code(length_);
  for (Change* change : counted_) {
    change->added.push_back(
        {.passage = passage, .frequency = change->counted, .length_code = length_code});
  }
}

void PostingWriter::remove(std::int64_t passage) {
  for (Change* change : counted_) change->removed.push_back(passage);
}

Result<void> PostingWriter::flush() {
  // In the order of the table: neighbours share its pages.
  std::vector<Changes::value_type*> sorted;
  sorted.reserve(changes_.size());
  for (auto& change : changes_) sorted.push_back(&change);
  std::ranges::sort(sorted, {}, [](const auto* change) -> const auto& { return change->first; });
  for (auto* change : sorted) {
    if (auto applied = apply(change->first, change->second); !applied) return applied;
  }
  counted_.clear();
  changes_.clear();
  return {};
}

Result<void> PostingWriter::apply(const std::string& word, Change& change) {
  WordRow row;
  find_word_.bind(scope_).bind(word);
  auto found = find_word_.step();
  if (!found) return std::unexpected(found.error());
  if (*found) {
    row.passages = find_word_.number(0);
    row.frequency_max = find_word_.number(1);
    row.length_code_min = find_word_.number(2);
    auto decoded = decode_postings(find_word_.blob(3), row.tail);
    find_word_.reset();
    if (!decoded) return decoded;
  }
  std::ranges::sort(change.removed);
  const std::int64_t tail_begin = row.tail.empty() ? INT64_MAX : row.tail.front().passage;
  for (std::size_t next = 0; next < change.removed.size();) {
    if (change.removed[next] < tail_begin) {
      if (auto taken = take_from_blocks(word, change.removed, next); !taken) return taken;
      continue;
    }
    auto posting = std::ranges::lower_bound(row.tail, change.removed[next], {}, &Posting::passage);
    if (posting == row.tail.end() || posting->passage != change.removed[next])
      return lost_posting();
    row.tail.erase(posting);
    ++next;
  }
  for (const Posting& posting : change.added) {
    if (row.tail.size() == kBlockPostings) {
      if (auto put = put_block(word, row.tail.back().passage, row.tail); !put) return put;
      row.tail.clear();
    }
    row.tail.push_back(posting);
    row.frequency_max = std::max<std::int64_t>(row.frequency_max, posting.frequency);
    row.length_code_min = std::min<std::int64_t>(row.length_code_min, posting.length_code);
  }
  row.passages += static_cast<std::int64_t>(change.added.size());
  row.passages -= static_cast<std::int64_t>(change.removed.size());
  if (row.passages == 0) return remove_word_.bind(scope_).bind(word).run();
  return put_word_.bind(scope_)
      .bind(word)
      .bind(row.passages)
      .bind(row.frequency_max)
      .bind(row.length_code_min)
      .bind(encode_postings(row.tail))
      .run();
}

// Those of `removed`, from `next` on, that are in the block of the first; `next` is then behind them.
Result<void> PostingWriter::take_from_blocks(const std::string& word,
                                             const std::vector<std::int64_t>& removed,
                                             std::size_t& next) {
  find_block_.bind(scope_).bind(word).bind(removed[next]);
  auto found = find_block_.step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return lost_posting();
  const std::int64_t last = find_block_.number(0);
  auto decoded = decode_postings(find_block_.blob(1), block_);
  find_block_.reset();
  if (!decoded) return decoded;
  while (next < removed.size() && removed[next] <= last) {
    auto posting = std::ranges::lower_bound(block_, removed[next], {}, &Posting::passage);
    if (posting == block_.end() || posting->passage != removed[next]) return lost_posting();
    block_.erase(posting);
    ++next;
  }
  if (block_.size() >= kBlockPostings / 4) return put_block(word, last, block_);
  // What edits have emptied goes to the next block: else blocks would become many and small.
  find_block_.bind(scope_).bind(word).bind(last + 1);
  found = find_block_.step();
  if (!found) return std::unexpected(found.error());
  if (!*found && !block_.empty()) return put_block(word, last, block_);
  if (*found) {
    const std::int64_t neighbour_last = find_block_.number(0);
    std::vector<Posting> neighbour;
    decoded = decode_postings(find_block_.blob(1), neighbour);
    find_block_.reset();
    if (!decoded) return decoded;
    if (block_.size() + neighbour.size() > kBlockPostings) return put_block(word, last, block_);
    neighbour.insert(neighbour.begin(), block_.begin(), block_.end());
    if (auto put = put_block(word, neighbour_last, neighbour); !put) return put;
  }
  return remove_block_.bind(scope_).bind(word).bind(last).run();
}

Result<void> PostingWriter::put_block(const std::string& word, std::int64_t last,
                                      const std::vector<Posting>& postings) {
  return put_block_.bind(scope_).bind(word).bind(last).bind(encode_postings(postings)).run();
}

}  // namespace leyden::retrieval
