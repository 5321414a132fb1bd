#include "leyden/tokenizer/pretokenizer.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <gtest/gtest.h>
#include <pcre2.h>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer {
namespace {

using Pretokens = std::vector<std::string>;

Pretokens native(Pattern pattern, std::string_view text) {
  Pretokens out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = pretoken_end(pattern, text, at);
    if (end <= at || end > text.size()) ADD_FAILURE() << "no progress at " << at;
    out.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

// The regular expressions themselves, run by a library that backtracks as the references do.
class Regex {
 public:
  explicit Regex(const char* pattern) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED,
                              PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
    match_.reset(pcre2_match_data_create_from_pattern(code_.get(), nullptr));
  }
  // The matches and what lies between them.
  Pretokens isolate(std::string_view text) const {
    Pretokens out;
    std::size_t at = 0;
    while (at < text.size() && pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                           text.size(), at, 0, match_.get(), nullptr) > 0) {
      PCRE2_SIZE* where = pcre2_get_ovector_pointer(match_.get());
      if (where[0] > at) out.emplace_back(text.substr(at, where[0] - at));
      out.emplace_back(text.substr(where[0], where[1] - where[0]));
      at = where[1];
    }
    if (at < text.size()) out.emplace_back(text.substr(at));
    return out;
  }
  Pretokens split(std::string_view text) const {
    Pretokens out;
    PCRE2_SIZE at = 0;
    while (at < text.size()) {
      int count = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                              at, 0, match_.get(), nullptr);
      EXPECT_GT(count, 0);
      if (count <= 0) break;
      PCRE2_SIZE* where = pcre2_get_ovector_pointer(match_.get());
      EXPECT_EQ(where[0], at) << "the pattern does not cover the text";
      out.emplace_back(text.substr(where[0], where[1] - where[0]));
      at = where[1];
    }
    return out;
  }

 private:
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
  };
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_data, Free> match_;
};

constexpr const char* kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* kCl100k =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kO200k =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// DeepSeek's three, each within what the one before left.
constexpr const char* kDeepSeekRest =
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]"
    "+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";
constexpr const char* kDeepSeek[] = {R"(\p{N}{1,3})", "[一-龥぀-ゟ゠-ヿ]+", kDeepSeekRest};

std::string random_text(std::mt19937& random) {
  // Every class and every character that a pattern names; no character on which Unicode 14 (PCRE2) and 16 differ.
  static constexpr std::string_view kPieces[] = {
      " ", " ", "\n", "\r", "\t", "\u00A0", "\u2028", "\u0085", "a",          "b",     "A", "Z",
      "s", "S", "t",  "re", "VE", "ll",     "d",      "m",      "1",          "2",     "٣", "Ⅷ",
      ".", ",", "-",  "/",  "'",  "'s",     "'LL",    "\u017F", "\u0301",     "é",     "ß", "中",
      "ʰ", "ǅ", "😀", "カ", "・", "ー",     "+",      "\uFEFF", "\U00011DE0", "\u0000"};
  std::string text;
  for (std::size_t i = 1 + random() % 10; i > 0; --i)
    text += kPieces[random() % std::size(kPieces)];
  return text;
}

TEST(Pretokenizer, CutsAsTheRegularExpressionsDo) {
  struct Case {
    Pattern pattern;
    Regex regex;
  };
  Case cases[] = {{Pattern::gpt2, Regex(kGpt2)},
                  {Pattern::cl100k, Regex(kCl100k)},
                  {Pattern::qwen2, Regex(kQwen2)},
                  {Pattern::o200k, Regex(kO200k)}};
  std::mt19937 random(11);
  for (int round = 0; round < 100'000; ++round) {
    std::string text = random_text(random);
    for (const Case& each : cases) {
      ASSERT_EQ(native(each.pattern, text), each.regex.split(text))
          << pattern_name(each.pattern) << ": " << testing::PrintToString(text);
    }
  }
}

TEST(Pretokenizer, CutsAsDeepSeeksThreePatternsDo) {
  Regex regexes[] = {Regex(kDeepSeek[0]), Regex(kDeepSeek[1]), Regex(kDeepSeek[2])};
  std::mt19937 random(14);
  for (int round = 0; round < 100'000; ++round) {
    std::string text = random_text(random);
    Pretokens expected{text};
    for (const Regex& regex : regexes) {
      Pretokens finer;
      for (const std::string& piece : expected) {
        for (std::string& part : regex.isolate(piece)) finer.push_back(std::move(part));
      }
      expected = std::move(finer);
    }
    ASSERT_EQ(native(Pattern::deepseek_v3, text), expected) << testing::PrintToString(text);
  }
  EXPECT_EQ(pattern_of_regexes(kDeepSeek[0], kDeepSeek[1], kDeepSeek[2]), Pattern::deepseek_v3);
}

TEST(Pretokenizer, DigitsComeFirstThenGpt2WithinTheRest) {
  Regex gpt2(kGpt2);
  std::mt19937 random(12);
  for (int round = 0; round < 50'000; ++round) {
    std::string text = random_text(random);
    Pretokens expected;
    std::string part;
    auto flush = [&] {
      for (auto& pretoken : gpt2.split(part)) expected.push_back(std::move(pretoken));
      part.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
      ClassedChar c = classed_char(text, at);
      std::string_view letter = std::string_view(text).substr(at, c.size);
      if ((c.char_class & kDigit) != 0) {
        flush();
        expected.emplace_back(letter);
      } else {
        part += letter;
      }
      at += c.size;
    }
    flush();
    ASSERT_EQ(native(Pattern::digits_gpt2, text), expected) << testing::PrintToString(text);
  }
}

// U+11DE0 is a digit to Digits (Unicode 17) and a symbol to the pattern (16): it ends a run of symbols, behind a space too.
TEST(Pretokenizer, ADigitOfALaterUnicodeEndsARunOfSymbols) {
  EXPECT_EQ(native(Pattern::digits_gpt2, " .\U00011DE0'll"),
            (Pretokens{" .", "\U00011DE0", "'ll"}));
  EXPECT_EQ(native(Pattern::digits_gpt2, ".\U00011DE0'll"), (Pretokens{".", "\U00011DE0", "'ll"}));
}

// What is_pretoken_border promises: cutting there changes no pretoken.
TEST(Pretokenizer, ABorderIsABorder) {
  std::mt19937 random(13);
  int borders = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string left = random_text(random);
    const std::string begin = random_text(random);
    for (Pattern pattern : {Pattern::gpt2, Pattern::digits_gpt2, Pattern::cl100k, Pattern::llama3,
                            Pattern::qwen2, Pattern::o200k, Pattern::deepseek_v3}) {
      if (!is_pretoken_border(pattern, left, begin)) continue;
      // A border stays one, whatever follows.
      std::string right = begin.empty() ? begin : begin + random_text(random);
      ++borders;
      Pretokens apart = native(pattern, left);
      for (auto& pretoken : native(pattern, right)) apart.push_back(std::move(pretoken));
      ASSERT_EQ(apart, native(pattern, left + right))
          << pattern_name(pattern) << ": " << testing::PrintToString(left) << " | "
          << testing::PrintToString(right);
    }
  }
  EXPECT_GT(borders, 50'000);
}

TEST(Pretokenizer, TheKnownCounterexamplesAreNoBorders) {
  for (Pattern pattern : {Pattern::gpt2, Pattern::cl100k, Pattern::qwen2, Pattern::o200k}) {
    EXPECT_FALSE(is_pretoken_border(pattern, "foo ", "bar"));
    EXPECT_FALSE(is_pretoken_border(pattern, "\n", "\n"));
    EXPECT_EQ(is_pretoken_border(pattern, "12", "3"), pattern == Pattern::qwen2);
    EXPECT_FALSE(is_pretoken_border(pattern, ".", "\n"));
    EXPECT_TRUE(is_pretoken_border(pattern, "foo", " bar"));
    EXPECT_TRUE(is_pretoken_border(pattern, "foo\n", "bar"));
  }
  EXPECT_FALSE(is_pretoken_border(Pattern::o200k, "\n", "/x"));
  EXPECT_FALSE(is_pretoken_border(Pattern::o200k, "don", "'t"));
  EXPECT_FALSE(is_pretoken_border(Pattern::o200k, "e", "\u0301"));
  EXPECT_FALSE(is_pretoken_border(Pattern::deepseek_v3, "e", "\u0301"));
  EXPECT_FALSE(is_pretoken_border(Pattern::cl100k, "x\n", " \n"));
  EXPECT_TRUE(is_pretoken_border(Pattern::cl100k, "x\n", "  y"));
  EXPECT_FALSE(is_pretoken_border(Pattern::cl100k, "x\n", "  "));
  EXPECT_FALSE(is_pretoken_border(Pattern::gpt2, "x\n\n", "y"));
  EXPECT_TRUE(is_pretoken_border(Pattern::cl100k, "x\n\n", "y"));
}

}  // namespace
}  // namespace leyden::tokenizer
