#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace leyden::utf8 {

// One decoded code point. `size` is 0 at the end of the text. An ill-formed sequence decodes as U+FFFD with
// `valid` false and the size of its maximal subpart (Unicode 15, section 3.9, table 3-8; the same as Python's
// errors="replace" and the WHATWG decoder), so that each such part becomes one U+FFFD.
struct Decoded {
  char32_t code_point = 0;
  std::uint8_t size = 0;
  bool valid = true;
};
[[nodiscard]] Decoded decode(std::string_view text, std::size_t position);

// Position of the first ill-formed byte, or text.size() when there is none.
[[nodiscard]] std::size_t valid_prefix(std::string_view text);
[[nodiscard]] inline bool is_valid(std::string_view text) {
  return valid_prefix(text) == text.size();
}

// `text` with every maximal ill-formed subpart replaced by U+FFFD.
[[nodiscard]] std::string replace_invalid(std::string_view text);

// `text` as one line for messages: replace_invalid(), and a space for every control character of ASCII.
[[nodiscard]] std::string one_line(std::string_view text);

// `text` as one short line for people: runs of whitespace are one space, none at the ends, and what is longer than `bytes_max` (at least
// 3) is cut at a character and ends with an ellipsis. Looks at no more of the text than it needs.
[[nodiscard]] std::string short_line(std::string_view text, std::size_t bytes_max);

void append(std::string& out, char32_t code_point);

// How many bytes at the end of `text` are the beginning of a sequence that more bytes could complete (0 to 3).
[[nodiscard]] std::size_t incomplete_suffix(std::string_view text);

}  // namespace leyden::utf8
