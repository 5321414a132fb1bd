#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace leyden::tokenizer {

// What Hugging Face's normalizers and pre-tokenizers make of a character, by its own tables (unicode_properties.inc). The
// patterns' classes are in unicode_classes.h.
enum CharProperty : std::uint16_t {
  kWord = 1,           // \w in Rust's regular expressions.
  kPunctuation = 2,    // Punctuation and BertPreTokenizer.
  kBertRemoved = 4,    // BertNormalizer's clean_text drops it.
  kBertAccent = 8,     // BertNormalizer's strip_accents drops it.
  kAccent = 16,        // StripAccents drops it.
  kHasLowercase = 32,  // Lowercase changes it.
  kChangesNfc = 64,    // Alone, it is something else in this form.
  kChangesNfd = 128,
  kChangesNfkc = 256,
  kChangesNfkd = 512,
  kCombining = 1024,            // Its canonical combining class is not 0.
  kComposesBack = 2048,         // May become one with the character before it.
  kPunctuationOrSymbol = 4096,  // P and S at the patterns' version of Unicode.
};

namespace detail {
extern const std::uint8_t kPropertyBlockOf[0x1100];
extern const std::uint16_t kPropertyBlocks[][256];
}  // namespace detail

[[nodiscard]] inline std::uint16_t char_properties(char32_t code_point) {
  return detail::kPropertyBlocks[detail::kPropertyBlockOf[code_point >> 8]][code_point & 0xFF];
}

// Rust's char::to_lowercase: one or two characters, the character itself where it has none.
struct LowercaseChars {
  char32_t first = 0;
  char32_t second = 0;  // 0: none.
};
[[nodiscard]] LowercaseChars lowercase_of(char32_t code_point);

// The full decomposition of a character that has kChangesNfd (kChangesNfkd), but for Hangul syllables.
[[nodiscard]] std::u32string_view decomposition_of(char32_t code_point, bool compatible);
[[nodiscard]] std::uint8_t combining_class(char32_t code_point);
// The character that the two compose to, 0 when none; Hangul included.
[[nodiscard]] char32_t composition_of(char32_t first, char32_t second);

// A run of characters of one set.
struct SetRange {
  char32_t first = 0;
  char32_t last = 0;
  std::uint8_t value = 0;
};
// General categories and scripts at the patterns' version of Unicode, sorted; the value is an index of the names.
[[nodiscard]] std::span<const SetRange> category_ranges();
[[nodiscard]] std::span<const std::string_view> category_names();
[[nodiscard]] std::span<const SetRange> script_ranges();
[[nodiscard]] std::span<const std::string_view> script_names();
// Oniguruma's POSIX classes that are no combination of categories: alpha, upper, lower, punct. Runs of one overlap others'.
[[nodiscard]] std::span<const SetRange> posix_ranges();
[[nodiscard]] std::span<const std::string_view> posix_names();

// Hugging Face's UnicodeScripts: a number for each script, 0 for what goes with any.
[[nodiscard]] std::uint8_t pretokenizer_script(char32_t code_point);

// Grapheme_Cluster_Break; `other` for everything else.
enum class GraphemeBreak : std::uint8_t {
  other,
  control,
  extend,
  zwj,
  spacing_mark,
  prepend,
  hangul_l,
  hangul_v,
  hangul_t,
  hangul_lv,
  hangul_lvt,
  regional_indicator,
};
[[nodiscard]] GraphemeBreak grapheme_break(char32_t code_point);

// How many bytes the extended grapheme cluster (UAX #29) has that `text`, valid UTF-8 and not empty, begins with. Without
// rules GB9c and GB11 but for (c) and (R): they only join clusters of six bytes and more, which nobody here asks about.
[[nodiscard]] std::size_t grapheme_size(std::string_view text);

}  // namespace leyden::tokenizer
