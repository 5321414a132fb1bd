#include "leyden/tokenizer/plain/reference_unicode.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace leyden::tokenizer::plain::unicode {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
struct ValuedRange {
  char32_t first;
  char32_t last;
  int value;
};

#include "leyden/tokenizer/plain/reference_unicode.inc"

int value_of(const std::vector<ValuedRange>& ranges, char32_t c) {
  auto range = std::ranges::lower_bound(ranges, c, {}, &ValuedRange::last);
  return range != ranges.end() && range->first <= c ? range->value : 0;
}

// The sets that make up `name`: itself, or the categories that begin with its letter.
std::vector<const std::vector<Range>*> parts_of(std::string_view name) {
  std::vector<const std::vector<Range>*> parts;
  if (name.size() == 1 && std::string_view("LMNPSZC").contains(name[0])) {
    for (const auto& [category, ranges] : kSets) {
      if (category.size() == 2 && category[0] == name[0]) parts.push_back(&ranges);
    }
  } else if (auto found = kSets.find(name); found != kSets.end()) {
    parts.push_back(&found->second);
  }
  return parts;
}

constexpr char32_t kSyllables = 0xAC00;
constexpr char32_t kLeading = 0x1100;
constexpr char32_t kVowels = 0x1161;
constexpr char32_t kTrailing = 0x11A7;
constexpr char32_t kVowelCount = 21;
constexpr char32_t kTrailingCount = 28;
constexpr char32_t kSyllableCount = 19 * kVowelCount * kTrailingCount;

}  // namespace

bool has_set(std::string_view name) { return !parts_of(name).empty(); }

bool in_set(std::string_view name, char32_t c) {
  return std::ranges::any_of(parts_of(name), [&](const std::vector<Range>* ranges) {
    auto range = std::ranges::lower_bound(*ranges, c, {}, &Range::last);
    return range != ranges->end() && range->first <= c;
  });
}

std::string set_as_class(std::string_view name, bool negated) {
  std::vector<Range> all;
  for (const auto* ranges : parts_of(name)) all.insert(all.end(), ranges->begin(), ranges->end());
  std::ranges::sort(all, {}, &Range::first);
  std::string out;
  auto put = [&](char32_t first, char32_t last) {
    // Surrogates are no characters, and PCRE2 refuses them.
    if (first >= 0xD800 && first <= 0xDFFF) first = 0xE000;
    if (last >= 0xD800 && last <= 0xDFFF) last = 0xD7FF;
    if (first <= last) {
      out += fmt::format("\\x{{{:X}}}-\\x{{{:X}}}", std::uint32_t{first}, std::uint32_t{last});
    }
  };
  char32_t next = 0;
  for (const Range& range : all) {
    if (!negated) put(range.first, range.last);
    if (negated && range.first > next) put(next, range.first - 1);
    next = range.last + 1;
  }
  if (negated && next <= 0x10FFFF) put(next, 0x10FFFF);
  return out;
}

int combining_class(char32_t c) { return value_of(kCombiningClass, c); }
int script(char32_t c) { return value_of(kScript, c); }
GraphemeBreak grapheme_break(char32_t c) {
  return static_cast<GraphemeBreak>(value_of(kGraphemeBreak, c));
}

std::u32string lowercase(char32_t c) {
  auto found = kLower.find(c);
  return found != kLower.end() ? std::u32string(found->second) : std::u32string(1, c);
}

std::u32string decompose_canonical(char32_t c) {
  if (c >= kSyllables && c < kSyllables + kSyllableCount) {
    char32_t index = c - kSyllables;
    std::u32string parts{kLeading + index / (kVowelCount * kTrailingCount),
                         kVowels + index % (kVowelCount * kTrailingCount) / kTrailingCount};
    if (index % kTrailingCount != 0) parts += kTrailing + index % kTrailingCount;
    return parts;
  }
  auto found = kCanonical.find(c);
  return found != kCanonical.end() ? std::u32string(found->second) : std::u32string(1, c);
}

std::u32string decompose_compatibility(char32_t c) {
  auto found = kCompatibility.find(c);
  return found != kCompatibility.end() ? std::u32string(found->second) : decompose_canonical(c);
}

std::optional<char32_t> compose(char32_t a, char32_t b) {
  if (a >= kLeading && a < kLeading + 19 && b >= kVowels && b < kVowels + kVowelCount) {
    return kSyllables + ((a - kLeading) * kVowelCount + (b - kVowels)) * kTrailingCount;
  }
  if (a >= kSyllables && a < kSyllables + kSyllableCount &&
      (a - kSyllables) % kTrailingCount == 0 && b > kTrailing && b < kTrailing + kTrailingCount) {
    return a + (b - kTrailing);
  }
  auto found = kCompositions.find({a, b});
  if (found == kCompositions.end()) return std::nullopt;
  return found->second;
}

}  // namespace leyden::tokenizer::plain::unicode
