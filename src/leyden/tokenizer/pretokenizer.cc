#include "leyden/tokenizer/pretokenizer.h"

#include <array>
#include <utility>

#include "leyden/tokenizer/pretokenizers/pattern_regexes.h"
#include "leyden/tokenizer/unicode_classes.h"
#include "leyden/tokenizer/unicode_properties.h"

namespace leyden::tokenizer {
namespace {

constexpr std::array kRegexes = {
    std::pair{Pattern::gpt2, regexes::kGpt2},
    std::pair{Pattern::cl100k, regexes::kCl100k},
    std::pair{Pattern::qwen2, regexes::kQwen2},
    std::pair{Pattern::o200k, regexes::kO200k},
};

constexpr bool is(ClassedChar c, unsigned classes) { return (c.char_class & classes) != 0; }

// End of the run of characters in `classes` that begins at `position`.
std::size_t run_end(std::string_view text, std::size_t position, unsigned classes) {
  while (true) {
    ClassedChar c = classed_char(text, position);
    if (!is(c, classes)) return position;  // Also at the end: class 0.
    position += c.size;
  }
}

// Punctuation, symbols, marks, controls: neither whitespace nor letter nor number.
constexpr bool is_other(ClassedChar c) {
  return c.size != 0 && !is(c, kWhitespace | kLetter | kNumber);
}

std::size_t other_run_end(std::string_view text, std::size_t position) {
  while (true) {
    ClassedChar c = classed_char(text, position);
    if (!is_other(c)) return position;
    position += c.size;
  }
}

// Length of the contraction ('s 't 're 've 'm 'll 'd) that begins with the apostrophe at `position`, or 0.
// With `any_case`, letters fold simply, so that U+017F (long s) counts as s.
std::size_t contraction_length(std::string_view text, std::size_t position, bool any_case) {
  std::string_view rest = text.substr(position);
  if (rest.size() < 2 || rest[0] != '\'') return 0;
  auto letter = [&](std::size_t i) -> char {
    if (i >= rest.size()) return '\0';
    char c = rest[i];
    return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  char first = letter(1);
  char second = letter(2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
      (first == 'l' && second == 'l')) {
    return 3;
  }
  if (any_case && rest.substr(1, 2) == "\xC5\xBF") return 3;
  return 0;
}

// The whitespace alternatives, which all patterns end with. `newlines` tells whether there is `\s*[\r\n]+`.
//   \s*[\r\n]+ : up to the last newline of the run     \s+(?!\S) : all but the last before a non-space     \s+
std::size_t whitespace_end(std::string_view text, std::size_t position, bool newlines) {
  std::size_t last_start = position;   // Of the run's last character.
  std::size_t newline_end = position;  // Behind the run's last newline.
  std::size_t at = position;
  while (true) {
    ClassedChar c = classed_char(text, at);
    if (!is(c, kWhitespace)) break;
    last_start = at;
    at += c.size;
    if (is(c, kNewline)) newline_end = at;
  }
  if (newlines && newline_end != position) return newline_end;
  if (at == text.size() || last_start == position) return at;
  return last_start;
}

std::size_t gpt2_end(std::string_view text, std::size_t position) {
  if (std::size_t length = contraction_length(text, position, false); length != 0) {
    return position + length;
  }
  std::size_t start = position + (text[position] == ' ' ? 1 : 0);
  ClassedChar c = classed_char(text, start);
  if (is(c, kLetter)) return run_end(text, start, kLetter);
  if (is(c, kNumber)) return run_end(text, start, kNumber);
  if (is_other(c)) return other_run_end(text, start);
  return whitespace_end(text, position, false);
}

// Digits come alone; between them gpt2 sees a text that ends where the next digit begins.
std::size_t digits_gpt2_end(std::string_view text, std::size_t position) {
  ClassedChar c = classed_char(text, position);
  if (is(c, kDigit)) return position + c.size;
  if (is(c, kWhitespace)) {
    // Whitespace that runs up to a digit runs up to the end of what gpt2 sees.
    std::size_t run = run_end(text, position, kWhitespace);
    if (is(classed_char(text, run), kDigit)) return run;
  }
  // Symbols may hold digits of a later Unicode version than the pattern's: they end there.
  std::size_t end = gpt2_end(text, position);
  for (std::size_t at = position + c.size; at < end;) {
    ClassedChar next = classed_char(text, at);
    if (is(next, kDigit)) return at;
    at += next.size;
  }
  return end;
}

std::size_t digits_end(std::string_view text, std::size_t position, int digits_max) {
  for (int i = 0; i < digits_max; ++i) {
    ClassedChar c = classed_char(text, position);
    if (!is(c, kNumber)) break;
    position += c.size;
  }
  return position;
}

//  ?[^\s\p{L}\p{N}]+[\r\n]*  (o200k: [\r\n/]*), or `position` when it does not match.
std::size_t symbols_end(std::string_view text, std::size_t position, bool slashes) {
  std::size_t start = position + (text[position] == ' ' ? 1 : 0);
  std::size_t end = other_run_end(text, start);
  if (end == start) return position;
  while (end < text.size() &&
         (text[end] == '\r' || text[end] == '\n' || (slashes && text[end] == '/'))) {
    ++end;
  }
  return end;
}

std::size_t cl100k_end(std::string_view text, std::size_t position, int digits_max) {
  if (std::size_t length = contraction_length(text, position, true); length != 0) {
    return position + length;
  }
  ClassedChar c = classed_char(text, position);
  if (is(c, kLetter)) return run_end(text, position, kLetter);
  if (is(c, kNumber)) return digits_end(text, position, digits_max);
  if (!is(c, kNewline) && is(classed_char(text, position + c.size), kLetter)) {
    return run_end(text, position + c.size, kLetter);
  }
  if (std::size_t end = symbols_end(text, position, false); end != position) return end;
  return whitespace_end(text, position, true);
}

// o200k's two word alternatives from `position` on, without their optional first character; `position` when neither matches.
struct WordEnds {
  std::size_t lower = 0;  // [upper]*[lower]+
  std::size_t upper = 0;  // [upper]+[lower]*
};

constexpr unsigned kUpperSet = kUpper | kOtherLetter | kMark;
constexpr unsigned kLowerSet = kLower | kOtherLetter | kMark;

WordEnds word_ends(std::string_view text, std::size_t position) {
  // [upper]* takes all it can; then [lower]+ goes on, or takes back from the end the last character that is in both sets.
  std::size_t at = position;
  std::size_t last_shared_end = position;
  while (true) {
    ClassedChar c = classed_char(text, at);
    if (!is(c, kUpperSet)) break;
    at += c.size;
    if (is(c, kLowerSet)) last_shared_end = at;
  }
  std::size_t lower_end = run_end(text, at, kLowerSet);
  return {.lower = lower_end != at ? lower_end : last_shared_end,
          .upper = at == position ? position : lower_end};
}

std::size_t o200k_end(std::string_view text, std::size_t position) {
  ClassedChar c = classed_char(text, position);
  // [^\r\n\p{L}\p{N}]? takes the character first when it may, and gives it back when nothing follows.
  bool may_prefix = !is(c, kNewline | kLetter | kNumber);
  std::size_t behind = position + c.size;
  WordEnds with_prefix = may_prefix ? word_ends(text, behind) : WordEnds{behind, behind};
  WordEnds without = word_ends(text, position);
  std::size_t end = position;
  if (may_prefix && with_prefix.lower != behind) {
    end = with_prefix.lower;
  } else if (without.lower != position) {
    end = without.lower;
  } else if (may_prefix && with_prefix.upper != behind) {
    end = with_prefix.upper;
  } else if (without.upper != position) {
    end = without.upper;
  }
  if (end != position) return end + contraction_length(text, end, true);
  if (is(c, kNumber)) return digits_end(text, position, 3);
  if (end = symbols_end(text, position, true); end != position) return end;
  return whitespace_end(text, position, true);
}

// What DeepSeek's second pattern takes: Chinese and Japanese.
constexpr bool is_deepseek_cjk(ClassedChar c) {
  return (c.code_point >= 0x4E00 && c.code_point <= 0x9FA5) ||
         (c.code_point >= 0x3040 && c.code_point <= 0x30FF);
}

bool is_sign(ClassedChar c) { return (char_properties(c.code_point) & kPunctuationOrSymbol) != 0; }

// DeepSeek's third pattern within what the first two left: each run between numbers that is Chinese or Japanese, or is not,
// is a text of its own.
class DeepSeekRest {
 public:
  DeepSeekRest(std::string_view text, bool cjk) : text_(text), cjk_(cjk) {}

  // True where this text ends.
  [[nodiscard]] bool ends(ClassedChar c) const {
    return c.size == 0 || is(c, kNumber) || is_deepseek_cjk(c) != cjk_;
  }
  // Where the match at `position` ends; `position` when there is none.
  [[nodiscard]] std::size_t match_end(std::size_t position) const {
    ClassedChar c = at(position);
    ClassedChar next = at(position + c.size);
    if (c.code_point < 0x80 && is_sign(c) && is_ascii_letter(next)) {
      return run(position + 1, is_ascii_letter);
    }
    if (is_word(c)) return run(position, is_word);
    if (!is(c, kNewline) && !is_sign(c) && !ends(next) && is_word(next)) {
      return run(position + c.size, is_word);
    }
    std::size_t signs = position + (c.code_point == ' ' ? 1 : 0);
    if (std::size_t end = run(signs, is_sign); end != signs) {
      while (is(at(end), kNewline) && !ends(at(end))) ++end;
      return end;
    }
    if (!is(c, kWhitespace)) return position;
    // Whitespace in front of what ends this text runs up to the end, as at the end of all text.
    std::size_t whole = run_end(text_, position, kWhitespace);
    std::string_view spaces = text_.substr(position, whole - position);
    if (ends(at(whole)) && spaces.find_first_of("\r\n") == std::string_view::npos) return whole;
    return whitespace_end(text_, position, true);
  }

 private:
  [[nodiscard]] ClassedChar at(std::size_t position) const { return classed_char(text_, position); }
  template <class Holds>
  [[nodiscard]] std::size_t run(std::size_t position, Holds&& holds) const {
    while (!ends(at(position)) && holds(at(position))) position += at(position).size;
    return position;
  }
  static bool is_word(ClassedChar c) { return is(c, kLetter | kMark); }
  static bool is_ascii_letter(ClassedChar c) {
    char32_t lower = c.code_point | 0x20U;
    return lower >= 'a' && lower <= 'z' && c.code_point < 0x80;
  }
  std::string_view text_;
  bool cjk_;
};

std::size_t deepseek_v3_end(std::string_view text, std::size_t position) {
  ClassedChar c = classed_char(text, position);
  if (is(c, kNumber)) return digits_end(text, position, 3);
  DeepSeekRest rest(text, is_deepseek_cjk(c));
  std::size_t end = rest.match_end(position);
  if (end != position) return end;
  // Characters that no alternative takes (controls, unassigned ones) stay together until one is.
  do {
    position += c.size;
    c = classed_char(text, position);
  } while (!rest.ends(c) && rest.match_end(position) == position);
  return position;
}

ClassedChar last_char(std::string_view text) { return char_before(text, text.size()); }

// Whether the whitespace that `text` begins with ends within it and holds no newline. Where it does not end, what follows decides.
bool leading_whitespace_is_one_line(std::string_view text) {
  for (std::size_t at = 0;;) {
    ClassedChar c = classed_char(text, at);
    if (!is(c, kWhitespace)) return c.size != 0;
    if (is(c, kNewline)) return false;
    at += c.size;
  }
}

}  // namespace

std::string_view pattern_name(Pattern pattern) {
  switch (pattern) {
    case Pattern::gpt2:
      return "gpt2";
    case Pattern::digits_gpt2:
      return "digits_gpt2";
    case Pattern::cl100k:
      return "cl100k";
    case Pattern::llama3:
      return "llama3";
    case Pattern::qwen2:
      return "qwen2";
    case Pattern::o200k:
      return "o200k";
    case Pattern::deepseek_v3:
      return "deepseek_v3";
  }
  std::unreachable();
}

std::optional<Pattern> pattern_of_regex(std::string_view regex) {
  for (const auto& [pattern, text] : kRegexes) {
    if (text == regex) return pattern;
  }
  return std::nullopt;
}

std::optional<Pattern> pattern_of_regexes(std::string_view first, std::string_view second,
                                          std::string_view third) {
  if (first == regexes::kDeepSeekNumbers && second == regexes::kDeepSeekCjk &&
      third == regexes::kDeepSeekRest) {
    return Pattern::deepseek_v3;
  }
  return std::nullopt;
}

std::size_t pretoken_end(Pattern pattern, std::string_view text, std::size_t position) {
  switch (pattern) {
    case Pattern::gpt2:
      return gpt2_end(text, position);
    case Pattern::digits_gpt2:
      return digits_gpt2_end(text, position);
    case Pattern::cl100k:
    case Pattern::llama3:
      return cl100k_end(text, position, 3);
    case Pattern::qwen2:
      return cl100k_end(text, position, 1);
    case Pattern::o200k:
      return o200k_end(text, position);
    case Pattern::deepseek_v3:
      return deepseek_v3_end(text, position);
  }
  std::unreachable();
}

bool is_pretoken_border(Pattern pattern, std::string_view left, std::string_view right) {
  if (left.empty() || right.empty()) return true;
  ClassedChar before = last_char(left);
  ClassedChar after = classed_char(right, 0);
  bool has_newline_rule = pattern != Pattern::gpt2 && pattern != Pattern::digits_gpt2;
  if (is(before, kNumber)) {
    if (!is(after, kNumber)) return true;  // R4, R6.
    bool each_apart = pattern == Pattern::qwen2 || pattern == Pattern::digits_gpt2;
    return each_apart && is(before, kDigit) && is(after, kDigit);
  }
  if (is(before, kLetter)) {
    if (is(after, kLetter)) return false;
    switch (pattern) {  // R4, R5.
      case Pattern::o200k:
        return !is(after, kMark) && after.code_point != '\'';
      case Pattern::deepseek_v3:
        return !is(after, kMark);
      default:
        return true;
    }
  }
  if (!is(before, kWhitespace)) return is(after, kWhitespace) && !is(after, kNewline);  // R1.
  if (!is(before, kNewline)) return false;
  if (is(after, kWhitespace))
    return has_newline_rule && leading_whitespace_is_one_line(right);  // R3.
  if (pattern == Pattern::o200k) return after.code_point != '/';       // R2.
  if (has_newline_rule) return true;
  std::string_view rest = left.substr(0, left.size() - before.size);
  return rest.empty() || !is(last_char(rest), kWhitespace);
}

}  // namespace leyden::tokenizer
