#include "leyden/tokenizer/unicode_properties.h"

#include <algorithm>
#include <iterator>

#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer {

namespace detail {
#include "leyden/tokenizer/unicode_properties.inc"
}  // namespace detail

namespace {

struct Decomposition {
  char32_t code_point;
  std::uint32_t begin;
  std::uint8_t length;
};
struct CombiningRange {
  char32_t first;
  char32_t last;
  std::uint8_t combining_class;
};
struct Composition {
  char32_t first;
  char32_t second;
  char32_t composed;
};
struct Lowercase {
  char32_t code_point;
  char32_t first;
  char32_t second;
};

#include "leyden/tokenizer/unicode_forms.inc"
#include "leyden/tokenizer/unicode_sets.inc"

constexpr char32_t kLBase = 0x1100, kVBase = 0x1161, kTBase = 0x11A7, kSBase = 0xAC00;
constexpr char32_t kLCount = 19, kVCount = 21, kTCount = 28, kSCount = 11172;

// The range that holds the code point, of ranges sorted by it; end() when none does.
template <class Range>
const Range* range_of(std::span<const Range> ranges, char32_t code_point) {
  auto range = std::ranges::lower_bound(ranges, code_point, {}, &Range::last);
  return range != ranges.end() && range->first <= code_point ? &*range : nullptr;
}

std::u32string_view find_in(std::span<const Decomposition> table, char32_t code_point) {
  auto found = std::ranges::lower_bound(table, code_point, {}, &Decomposition::code_point);
  if (found == table.end() || found->code_point != code_point) return {};
  return {kDecompositionText + found->begin, found->length};
}

}  // namespace

LowercaseChars lowercase_of(char32_t code_point) {
  if (code_point < 0x80) {
    bool upper = code_point >= 'A' && code_point <= 'Z';
    return {upper ? code_point - 'A' + 'a' : code_point, 0};
  }
  const auto* found = std::ranges::lower_bound(kLowercase, code_point, {}, &Lowercase::code_point);
  if (found == std::end(kLowercase) || found->code_point != code_point) return {code_point, 0};
  return {found->first, found->second};
}

std::u32string_view decomposition_of(char32_t code_point, bool compatible) {
  if (compatible) {
    if (auto found = find_in(kCompatible, code_point); !found.empty()) return found;
  }
  return find_in(kCanonical, code_point);
}

std::uint8_t combining_class(char32_t code_point) {
  const CombiningRange* range = range_of<CombiningRange>(kCombiningRanges, code_point);
  return range != nullptr ? range->combining_class : 0;
}

char32_t composition_of(char32_t first, char32_t second) {
  // Unicode Standard, section 3.12.
  if (first - kLBase < kLCount && second - kVBase < kVCount) {
    return kSBase + ((first - kLBase) * kVCount + (second - kVBase)) * kTCount;
  }
  if (first - kSBase < kSCount && (first - kSBase) % kTCount == 0 && second > kTBase &&
      second < kTBase + kTCount) {
    return first + (second - kTBase);
  }
  auto key = [](const Composition& c) { return std::pair(c.first, c.second); };
  const auto* found = std::ranges::lower_bound(kCompositions, std::pair(first, second), {}, key);
  if (found == std::end(kCompositions) || key(*found) != std::pair(first, second)) return 0;
  return found->composed;
}

std::span<const SetRange> category_ranges() { return kCategoryRanges; }
std::span<const std::string_view> category_names() { return kCategoryNames; }
std::span<const SetRange> script_ranges() { return kScriptRanges; }
std::span<const std::string_view> script_names() { return kScriptNames; }

std::span<const SetRange> posix_ranges() { return kPosixRanges; }
std::span<const std::string_view> posix_names() { return kPosixNames; }

std::uint8_t pretokenizer_script(char32_t code_point) {
  const SetRange* range = range_of<SetRange>(kPretokenizerScripts, code_point);
  return range != nullptr ? range->value : 0;
}

GraphemeBreak grapheme_break(char32_t code_point) {
  if (code_point >= 0x20 && code_point < 0x7F) return GraphemeBreak::other;
  const SetRange* range = range_of<SetRange>(kGraphemeRanges, code_point);
  return range != nullptr ? static_cast<GraphemeBreak>(range->value) : GraphemeBreak::other;
}

// leyden:ignore common.complex-function the rules GB3 to GB13 of UAX 29, in their order
std::size_t grapheme_size(std::string_view text) {
  using enum GraphemeBreak;
  ClassedChar c = classed_char(text, 0);
  std::size_t size = c.size;
  if (text.starts_with("\r\n")) return 2;                      // GB3
  if (c.code_point == '\r' || c.code_point == '\n') return 1;  // GB4
  GraphemeBreak before = grapheme_break(c.code_point);
  bool pictographic = c.code_point == 0xA9 || c.code_point == 0xAE;  // And only marks since then.
  bool after_joiner = false;                                         // ... and a ZWJ last.
  bool odd_indicators = before == regional_indicator;
  while (size < text.size() && before != control) {
    c = classed_char(text, size);
    if (c.code_point == '\r' || c.code_point == '\n') break;  // GB5
    GraphemeBreak next = grapheme_break(c.code_point);
    bool is_pictographic = c.code_point == 0xA9 || c.code_point == 0xAE;
    bool joins = false;
    switch (next) {
      case extend:
      case zwj:
      case spacing_mark:
        joins = true;  // GB9, GB9a
        break;
      case control:
        break;
      case hangul_l:
      case hangul_lv:
      case hangul_lvt:
        joins = before == hangul_l;  // GB6
        break;
      case hangul_v:
        joins = before == hangul_l || before == hangul_lv || before == hangul_v;  // GB6, GB7
        break;
      case hangul_t:
        joins = before == hangul_lv || before == hangul_v || before == hangul_lvt ||
                before == hangul_t;  // GB7, GB8
        break;
      case regional_indicator:
        joins = odd_indicators;  // GB12
        break;
      default:
        joins = pictographic && after_joiner && is_pictographic;  // GB11
    }
    joins = joins || (before == prepend && next != control);  // GB9b
    if (!joins) break;
    pictographic = is_pictographic || (pictographic && (next == extend || next == zwj));
    after_joiner = next == zwj;
    odd_indicators = next == regional_indicator && !odd_indicators;
    before = next;
    size += c.size;
  }
  return size;
}

}  // namespace leyden::tokenizer
