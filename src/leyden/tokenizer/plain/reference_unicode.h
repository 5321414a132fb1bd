#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What the references know about characters, as they answered (tools/unicode/ask_references.py): each at its own Unicode
// version, with its own mistakes. Slow: maps and searches.
namespace leyden::tokenizer::plain::unicode {

// A set by name: a general category ("Lu", or "L" for all that begin with it), a script ("Han"), the classes "s", "d"
// and "w" of regular expressions, or one of those that the generator describes ("rust_whitespace", ...).
[[nodiscard]] bool has_set(std::string_view name);
[[nodiscard]] bool in_set(std::string_view name, char32_t c);
// The set, or all that is not in it, as ranges for a PCRE2 class: "\x{41}-\x{5A}...".
[[nodiscard]] std::string set_as_class(std::string_view name, bool negated);

// Numbers as the generator gives them; 0 where there is nothing to say.
[[nodiscard]] int combining_class(char32_t c);
[[nodiscard]] int script(char32_t c);

enum class GraphemeBreak : std::uint8_t {
  any,
  cr,
  lf,
  control,
  extend,
  zwj,
  regional_indicator,
  prepend,
  spacing_mark,
  l,
  v,
  t,
  lv,
  lvt,
  extended_pictographic,
  incb_consonant
};
[[nodiscard]] GraphemeBreak grapheme_break(char32_t c);

[[nodiscard]] std::u32string lowercase(char32_t c);
// Full decompositions, Hangul included.
[[nodiscard]] std::u32string decompose_canonical(char32_t c);
[[nodiscard]] std::u32string decompose_compatibility(char32_t c);
[[nodiscard]] std::optional<char32_t> compose(char32_t a, char32_t b);

}  // namespace leyden::tokenizer::plain::unicode
