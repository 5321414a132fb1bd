#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer {

// What a code point is, as far as tokenizers' patterns ask: general categories and White_Space of the Unicode
// Character Database, at the version that the references use (unicode_table.inc says which).
enum CharClass : std::uint8_t {
  kUpper = 1,        // Lu, Lt
  kLower = 2,        // Ll
  kOtherLetter = 4,  // Lm, Lo
  kMark = 8,         // Mn, Mc, Me
  kNumber = 16,      // Nd, Nl, No
  kWhitespace = 32,  // White_Space, newlines included
  kNewline = 64,     // U+000A and U+000D
  kDigit =
      128,  // Nd, Nl, No at the version of Hugging Face's Digits pre-tokenizer (Rust's char::is_numeric)
  kLetter = kUpper | kLower | kOtherLetter,
};

namespace detail {
extern const std::uint8_t kBlockOf[0x1100];
extern const std::uint8_t kBlocks[][256];

// The classes of 64 code points, a bit each. A cache line.
struct alignas(64) PageClasses {
  std::uint64_t letter = 0;  // Of any kind.
  std::uint64_t upper = 0;
  std::uint64_t lower = 0;
  std::uint64_t other = 0;
  std::uint64_t mark = 0;
  std::uint64_t number = 0;
  std::uint64_t number_or_digit = 0;
  std::uint64_t white = 0;
};
struct Pages {
  PageClasses of[1024];  // Up to U+FFFF.
};
extern const Pages kPages;
}  // namespace detail

// 0 for everything else: punctuation, symbols, controls, unassigned.
[[nodiscard]] inline std::uint8_t char_class(char32_t code_point) {
  return detail::kBlocks[detail::kBlockOf[code_point >> 8]][code_point & 0xFF];
}

// One character of valid UTF-8; size 0 at the end, with class 0.
struct ClassedChar {
  char32_t code_point = 0;
  std::uint8_t size = 0;
  std::uint8_t char_class = 0;
};

// The text must be valid UTF-8 from `position` on: checked nowhere.
[[nodiscard]] inline ClassedChar classed_char(std::string_view text, std::size_t position) {
  if (position >= text.size()) return {};
  auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<std::uint8_t>(text[position + i]));
  };
  char32_t lead = byte(0);
  char32_t code_point = lead;
  std::uint8_t size = 1;
  if (lead >= 0xF0) {
    code_point = ((lead & 0x07) << 18) | ((byte(1) & 0x3F) << 12) | ((byte(2) & 0x3F) << 6) |
                 (byte(3) & 0x3F);
    size = 4;
  } else if (lead >= 0xE0) {
    code_point = ((lead & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F);
    size = 3;
  } else if (lead >= 0x80) {
    code_point = ((lead & 0x1F) << 6) | (byte(1) & 0x3F);
    size = 2;
  }
  return {code_point, size, char_class(code_point)};
}

// The character that ends before `position`; size 0 at the beginning.
[[nodiscard]] inline ClassedChar char_before(std::string_view text, std::size_t position) {
  if (position == 0) return {};
  std::size_t at = position - 1;
  while (at > 0 && (static_cast<std::uint8_t>(text[at]) & 0xC0U) == 0x80) --at;
  return classed_char(text, at);
}

}  // namespace leyden::tokenizer
