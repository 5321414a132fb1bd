#include "leyden/tokenizer/plain/graphemes.h"

#include "leyden/tokenizer/plain/reference_unicode.h"

namespace leyden::tokenizer::plain {
namespace {

using unicode::GraphemeBreak;

// GB9c: a consonant, then extenders and linkers with one linker at least, up to `end`.
bool ends_in_conjunct(std::u32string_view chars, std::size_t end) {
  bool linker = false;
  while (end > 0) {
    char32_t c = chars[end - 1];
    if (unicode::in_set("incb_linker", c)) {
      linker = true;
    } else if (!unicode::in_set("incb_extend", c)) {
      return linker && unicode::grapheme_break(c) == GraphemeBreak::incb_consonant;
    }
    --end;
  }
  return false;
}

// GB11: a pictograph, extenders, a joiner, up to `end`.
bool ends_in_joined_pictograph(std::u32string_view chars, std::size_t end) {
  if (unicode::grapheme_break(chars[end - 1]) != GraphemeBreak::zwj) return false;
  --end;
  while (end > 0 && unicode::grapheme_break(chars[end - 1]) == GraphemeBreak::extend) --end;
  return end > 0 && unicode::grapheme_break(chars[end - 1]) == GraphemeBreak::extended_pictographic;
}

bool odd_regional_indicators(std::u32string_view chars, std::size_t end) {
  std::size_t count = 0;
  while (count < end &&
         unicode::grapheme_break(chars[end - 1 - count]) == GraphemeBreak::regional_indicator) {
    ++count;
  }
  return count % 2 == 1;
}

// leyden:ignore common.complex-function the rules GB3 to GB13 of UAX 29, in their order
bool joined(std::u32string_view chars, std::size_t at) {
  using enum GraphemeBreak;
  GraphemeBreak left = unicode::grapheme_break(chars[at - 1]);
  GraphemeBreak right = unicode::grapheme_break(chars[at]);
  auto is_control = [](GraphemeBreak b) { return b == control || b == cr || b == lf; };
  if (left == cr && right == lf) return true;               // GB3
  if (is_control(left) || is_control(right)) return false;  // GB4, GB5
  if (left == l && (right == l || right == v || right == lv || right == lvt)) return true;  // GB6
  if ((left == lv || left == v) && (right == v || right == t)) return true;                 // GB7
  if ((left == lvt || left == t) && right == t) return true;                                // GB8
  if (right == extend || right == zwj || right == spacing_mark) return true;  // GB9, GB9a
  if (left == prepend) return true;                                           // GB9b
  if (right == incb_consonant && ends_in_conjunct(chars, at)) return true;    // GB9c
  if (right == extended_pictographic && ends_in_joined_pictograph(chars, at)) return true;  // GB11
  return left == regional_indicator && right == regional_indicator &&
         odd_regional_indicators(chars, at);  // GB12, GB13
}

}  // namespace

std::vector<std::size_t> grapheme_ends(std::u32string_view chars) {
  std::vector<std::size_t> ends;
  for (std::size_t at = 1; at <= chars.size(); ++at) {
    if (at == chars.size() || !joined(chars, at)) ends.push_back(at);
  }
  return ends;
}

}  // namespace leyden::tokenizer::plain
