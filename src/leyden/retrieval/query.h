#pragma once

#include <string>
#include <string_view>

namespace leyden::retrieval {

// The parts of the names in `text` that are written in one word: "TokenCachedRag" gives "Token Cached Rag". Words that hold
// no change of case are left out: the full-text index has them anyway.
[[nodiscard]] std::string camel_parts(std::string_view text);

// What a person typed as an FTS5 query: its words (at most 64, each once), quoted and joined by OR; stop words only when there
// is nothing else. No character of the text can be an operator. Empty when it holds no word.
[[nodiscard]] std::string full_text_query(std::string_view text);

}  // namespace leyden::retrieval
