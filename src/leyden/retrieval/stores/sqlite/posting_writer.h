#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/retrieval/stores/sqlite/posting_block.h"
#include "leyden/retrieval/words.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

// What passages say, word by word, of one scope. Collects additions and removals and writes them together: a word's row is
// touched once in a batch. Confined to one thread; flush() within a transaction, with all that it belongs to.
class PostingWriter {
 public:
  PostingWriter(sql::Database& database, std::int64_t scope);

  struct PassageText {
    std::string_view name;
    std::string_view context;
    std::string_view text;
  };
  // Counts a passage's words, for the add() or remove() that follows. Its length, in halves of a word.
  std::uint32_t count(const PassageText& text);
  // The passage that was counted. Its id is larger than that of any added before.
  void add(std::int64_t passage);
  // The passage that was counted, with the text that it was added with. Not one that was added since the last flush.
  void remove(std::int64_t passage);
  [[nodiscard]] Result<void> flush();

 private:
  struct Change {
    std::vector<std::int64_t> removed;
    std::vector<Posting> added;
    std::uint32_t counted = 0;  // Its weighted frequency in the passage that was counted.
  };
  // Finds by a view: most words have been seen before.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view word) const {
      return std::hash<std::string_view>()(word);
    }
  };
  using Changes = std::unordered_map<std::string, Change, Hash, std::equal_to<>>;
  struct WordRow {
    std::int64_t passages = 0;
    std::int64_t frequency_max = 0;
    std::int64_t length_code_min = 255;
    std::vector<Posting> tail;
  };
  [[nodiscard]] Result<void> apply(const std::string& word, Change& change);
  [[nodiscard]] Result<void> take_from_blocks(const std::string& word,
                                              const std::vector<std::int64_t>& removed,
                                              std::size_t& next);
  [[nodiscard]] Result<void> put_block(const std::string& word, std::int64_t last,
                                       const std::vector<Posting>& postings);

  std::int64_t scope_;
  WordSplitter splitter_;
  Changes changes_;
  std::vector<Change*> counted_;  // The words of the passage that was counted.
  std::uint32_t length_ = 0;
  std::vector<Posting> block_;
  sql::Statement find_word_;
  sql::Statement put_word_;
  sql::Statement remove_word_;
  sql::Statement find_block_;
  sql::Statement put_block_;
  sql::Statement remove_block_;
};

}  // namespace leyden::retrieval
