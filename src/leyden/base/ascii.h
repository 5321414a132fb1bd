#pragma once

#include <cstddef>
#include <string_view>

namespace leyden {

// Letters, digits and the underscore of ASCII: what the names of nearly every programming language are made of. No locale is asked.
[[nodiscard]] constexpr bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Whether the word stands in the text with no letter, digit or underscore at either side.
[[nodiscard]] constexpr bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end])))
      return true;
  }
  return false;
}

}  // namespace leyden
