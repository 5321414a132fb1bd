#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/retrieval/words.h"

namespace leyden::retrieval {

struct QueryWord {
  std::string text;
  double weight = 1;
  bool telling = true;  // False: passages that share no other word with the query are not found.
  bool operator==(const QueryWord&) const = default;
};

// What a person typed as the words to look for, the first 64, each once. Parts of identifiers and unstemmed forms weigh half. Words
// that tell nothing ("what", "the") only add to the scores of what the others find, unless there are no others. Empty when the text holds no word.
[[nodiscard]] std::vector<QueryWord> query_words(WordSplitter& splitter, std::string_view text);

}  // namespace leyden::retrieval
