#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/retrieval/stores/sqlite/posting_block.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

// One word's postings, in ascending order of passages, a block at a time; all lists of one search share `find_block`, which
// kFindBlock prepares. Confined to one thread, within one read transaction.
class PostingList {
 public:
  static constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  static constexpr const char* kFindBlock =
      "SELECT last, block FROM postings WHERE scope = ? AND word = ? AND last >= ? ORDER BY last "
      "LIMIT 1";
  static constexpr const char* kFindWord =
      "SELECT passages, frequency_max, length_code_min, tail FROM words WHERE scope = ? AND word "
      "= ?";

  // Reads the word's row with `find_word` (kFindWord); a word that no passage holds is at its end at once.
  [[nodiscard]] static Result<PostingList> open(sql::Statement& find_word,
                                                sql::Statement& find_block, std::int64_t scope,
                                                std::string word);

  [[nodiscard]] std::int64_t passages() const { return passages_; }
  // No posting has a higher frequency or a shorter passage.
  [[nodiscard]] std::uint32_t frequency_max() const { return frequency_max_; }
  [[nodiscard]] std::uint8_t length_code_min() const { return length_code_min_; }

  // kEnd behind the last.
  [[nodiscard]] std::int64_t passage() const {
    return at_ < block_.size() ? block_[at_].passage : kEnd;
  }
  // Not at the end.
  [[nodiscard]] const Posting& posting() const { return block_[at_]; }
  // To the first posting of `passage` or one behind it; never back.
  [[nodiscard]] Result<void> seek(std::int64_t passage) {
    if (at_ >= block_.size() || block_[at_].passage >= passage) return {};
    if (block_.back().passage < passage) return load(passage);
    advance(passage);
    return {};
  }

 private:
  PostingList(sql::Statement& find_block, std::int64_t scope, std::string word)
      : find_block_(&find_block), scope_(scope), word_(std::move(word)) {}
  void advance(std::int64_t passage);
  [[nodiscard]] Result<void> load(std::int64_t passage);

  sql::Statement* find_block_;
  std::int64_t scope_;
  std::string word_;
  std::int64_t passages_ = 0;
  std::uint32_t frequency_max_ = 0;
  std::uint8_t length_code_min_ = 255;
  std::vector<Posting> block_;
  std::size_t at_ = 0;
  std::vector<Posting> tail_;
  bool in_tail_ = false;
};

}  // namespace leyden::retrieval
