#include "leyden/retrieval/stores/sqlite/posting_list.h"

#include <algorithm>
#include <utility>

namespace leyden::retrieval {

Result<PostingList> PostingList::open(sql::Statement& find_word, sql::Statement& find_block,
                                      std::int64_t scope, std::string word) {
  PostingList list(find_block, scope, std::move(word));
  find_word.bind(scope).bind(list.word_);
  auto found = find_word.step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return list;
  list.passages_ = find_word.number(0);
  list.frequency_max_ = static_cast<std::uint32_t>(find_word.number(1));
  list.length_code_min_ = static_cast<std::uint8_t>(find_word.number(2));
  auto decoded = decode_postings(find_word.blob(3), list.tail_);
  find_word.reset();
  if (!decoded) return std::unexpected(decoded.error());
  if (auto loaded = list.load(0); !loaded) return std::unexpected(loaded.error());
  return list;
}

void PostingList::advance(std::int64_t passage) {
  // Near most of the time: gallop, then halve.
  std::size_t step = 1;
  while (at_ + step < block_.size() && block_[at_ + step].passage < passage) step *= 2;
  const auto begin = block_.begin() + static_cast<std::ptrdiff_t>(at_ + step / 2);
  const auto end =
      block_.begin() + static_cast<std::ptrdiff_t>(std::min(at_ + step + 1, block_.size()));
  at_ = static_cast<std::size_t>(
      std::ranges::lower_bound(begin, end, passage, {}, &Posting::passage) - block_.begin());
}

Result<void> PostingList::load(std::int64_t passage) {
  at_ = 0;
  // Without blocks there is no need to ask for one.
  const bool has_blocks = static_cast<std::size_t>(passages_) > tail_.size();
  while (!in_tail_ && has_blocks) {
    find_block_->bind(scope_).bind(word_).bind(passage);
    auto found = find_block_->step();
    if (!found) return std::unexpected(found.error());
    if (!*found) break;
    const std::int64_t last = find_block_->number(0);
    auto decoded = decode_postings(find_block_->blob(1), block_);
    find_block_->reset();
    if (!decoded) return decoded;
    // Its last posting may have been removed since it was named after it.
    if (!block_.empty() && block_.back().passage >= passage) {
      advance(passage);
      return {};
    }
    passage = last + 1;
  }
  if (!in_tail_) {
    in_tail_ = true;
    block_ = std::move(tail_);
  } else {
    block_.clear();
  }
  if (!block_.empty() && block_.back().passage < passage) block_.clear();
  if (!block_.empty()) advance(passage);
  return {};
}

}  // namespace leyden::retrieval
