// Every trap that tokenizers are known to fall into, by name. IDs are the references' (tiktoken 0.14.0, Hugging Face tokenizers
// 0.23.3): with small vocabularies out of fuzz/vocabularies, and with the real ones where tests/reference/vocabularies.py has brought
// them, as CI does.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/tokenizer/engine/merge_tables.h"
#include "leyden/tokenizer/load.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* file;
  std::string_view text;
  TokenIds ids;
};

const fs::path kSmall = fs::path(LEYDEN_SOURCE_DIR) / "fuzz" / "vocabularies";
const fs::path kReal = fs::path(LEYDEN_CACHE_DIR) / "vocabularies";

std::shared_ptr<const Tokenizer> open(const fs::path& path) {
  static std::map<fs::path, std::shared_ptr<const Tokenizer>> open;
  auto& tokenizer = open[path];
  if (tokenizer) return tokenizer;
  auto loaded = load_tokenizer(path, path.stem().string());
  if (!loaded) {
    ADD_FAILURE() << loaded.error().message;
    return nullptr;
  }
  return tokenizer = *loaded;
}

void expect_ids(const fs::path& folder, const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    if (!fs::exists(folder / each.file)) GTEST_SKIP() << each.file << " is not there";
    auto tokenizer = open(folder / each.file);
    ASSERT_TRUE(tokenizer);
    EXPECT_EQ(tokenizer->encode(each.text), each.ids) << each.file << ": " << each.text;
  }
}

TEST(TrapsOfRealVocabularies, TokensThatMergingNeverMakes) {
  expect_ids(kReal, {
                        {"llama3.1.json", "\u3057\u306A\u3044", {113878}},
                        {"llama3.1.json",
                         "\u4F55\u3082\u3057\u306A\u3044\u306E\u3067",
                         {99849, 32977, 21105, 103, 16995, 105879}},
                        {"llama3.tiktoken", "\u3057\u306A\u3044", {113878}},
                        {"llama3.tiktoken",
                         "\u4F55\u3082\u3057\u306A\u3044\u306E\u3067",
                         {99849, 32977, 21105, 103, 16995, 105879}},
                    });
}

// A tokenizer.json's content.
std::shared_ptr<const Tokenizer> made(std::string_view content) {
  const fs::path path = fs::path(testing::TempDir()) / "leyden-trap.json";
  EXPECT_TRUE(write_file_atomically(path, content));
  auto loaded = load_tokenizer(path, "trap");
  EXPECT_TRUE(loaded) << loaded.error().message;
  return loaded ? *loaded : nullptr;
}

// All letters, so that it is one piece, and twice is one, too.
bool is_word(std::string_view text) {
  if (!utf8::is_valid(text)) return false;
  for (std::size_t at = 0; at < text.size(); at += classed_char(text, at).size) {
    if ((classed_char(text, at).char_class & kLetter) == 0) return false;
  }
  return !text.empty();
}

// (?i:'s) folds U+017F to s.
TEST(Traps, LongSIsAnSInContractions) {
  expect_ids(kSmall, {
                         {"cl100k.json", "x'\u017FS", {89, 8, 131, 125, 52}},
                         {"cl100k.json", "don'\u017F it", {69, 277, 8, 131, 125, 222, 74, 85}},
                         {"o200k.json", "x'\u017FS", {89, 8, 131, 125, 52}},
                         {"o200k.json", "don'\u017F it", {69, 277, 8, 131, 125, 222, 74, 85}},
                         {"llama3.json", "x'\u017FS", {89, 8, 131, 125, 52}},
                         {"llama3.json", "don'\u017F it", {69, 277, 8, 131, 125, 222, 74, 85}},
                         {"qwen.json", "x'\u017FS", {89, 8, 131, 125, 52}},
                         {"qwen.json", "don'\u017F it", {69, 277, 8, 131, 125, 222, 74, 85}},
                     });
}

TEST(TrapsOfRealVocabularies, LongSIsAnSInContractions) {
  expect_ids(kReal, {
                        {"cl100k_base.tiktoken", "x'\u017FS", {87, 6, 129, 123, 50}},
                        {"cl100k_base.tiktoken", "don'\u017F it", {15357, 6, 129, 123, 433}},
                        {"o200k_base.tiktoken", "x'\u017FS", {87, 6, 70067, 50}},
                        {"o200k_base.tiktoken", "don'\u017F it", {22130, 6, 70067, 480}},
                        {"llama3.1.json", "x'\u017FS", {87, 6, 129, 123, 50}},
                        {"llama3.1.json", "don'\u017F it", {15357, 6, 129, 123, 433}},
                        {"qwen3.json", "x'\u017FS", {87, 6, 144815, 50}},
                        {"qwen3.json", "don'\u017F it", {15007, 6, 144815, 432}},
                    });
}

// U+FEFF is no \s, whatever JavaScript thinks.
TEST(Traps, TheByteOrderMarkIsNoWhitespace) {
  expect_ids(kSmall, {
                         {"cl100k.json",
                          "\uFEFF a \uFEFF\uFEFFb",
                          {173, 121, 125, 222, 66, 222, 173, 121, 125, 173, 121, 125, 67}},
                         {"cl100k.json", " \uFEFF\n", {222, 173, 121, 125, 200}},
                         {"o200k.json",
                          "\uFEFF a \uFEFF\uFEFFb",
                          {173, 121, 125, 222, 66, 222, 173, 121, 125, 173, 121, 125, 67}},
                         {"o200k.json", " \uFEFF\n", {222, 173, 121, 125, 200}},
                         {"deepseek.json",
                          "\uFEFF a \uFEFF\uFEFFb",
                          {172, 120, 124, 221, 65, 221, 172, 120, 124, 172, 120, 124, 66}},
                         {"deepseek.json", " \uFEFF\n", {221, 172, 120, 124, 199}},
                     });
}

TEST(TrapsOfRealVocabularies, TheByteOrderMarkIsNoWhitespace) {
  expect_ids(
      kReal,
      {
          {"cl100k_base.tiktoken", "\uFEFF a \uFEFF\uFEFFb", {3305, 264, 76880, 3305, 65}},
          {"cl100k_base.tiktoken", " \uFEFF\n", {220, 62619}},
          {"o200k_base.tiktoken", "\uFEFF a \uFEFF\uFEFFb", {5574, 261, 71280, 5574, 65}},
          {"o200k_base.tiktoken", " \uFEFF\n", {220, 61992}},
          {"llama3.1.json", "\uFEFF a \uFEFF\uFEFFb", {3305, 264, 76880, 3305, 65}},
          {"llama3.1.json", " \uFEFF\n", {220, 62619}},
          {"qwen3.json", "\uFEFF a \uFEFF\uFEFFb", {3225, 264, 75780, 3225, 65}},
          {"qwen3.json", " \uFEFF\n", {220, 61519}},
          {"deepseek-v3.json", "\uFEFF a \uFEFF\uFEFFb", {15251, 260, 223, 15251, 15251, 68}},
          {"deepseek-v3.json", " \uFEFF\n", {223, 15251, 201}},
      });
}

// U+0085 is \s, but neither of [\r\n].
TEST(Traps, NextLineIsWhitespaceButNoNewline) {
  expect_ids(kSmall, {
                         {"cl100k.json",
                          "a\u0085b \u0085\u0085 c",
                          {66, 128, 229, 67, 222, 128, 229, 128, 229, 222, 68}},
                         {"cl100k.json", "1\u0085\n\u0085x", {18, 128, 229, 200, 128, 229, 89}},
                         {"o200k.json",
                          "a\u0085b \u0085\u0085 c",
                          {66, 128, 229, 67, 222, 128, 229, 128, 229, 222, 68}},
                         {"o200k.json", "1\u0085\n\u0085x", {18, 128, 229, 200, 128, 229, 89}},
                         {"deepseek.json",
                          "a\u0085b \u0085\u0085 c",
                          {65, 127, 228, 66, 221, 127, 228, 127, 228, 221, 67}},
                         {"deepseek.json", "1\u0085\n\u0085x", {17, 127, 228, 199, 127, 228, 88}},
                     });
}

TEST(TrapsOfRealVocabularies, NextLineIsWhitespaceButNoNewline) {
  expect_ids(
      kReal,
      {
          {"cl100k_base.tiktoken",
           "a\u0085b \u0085\u0085 c",
           {64, 126, 227, 65, 2188, 227, 126, 227, 272}},
          {"cl100k_base.tiktoken", "1\u0085\n\u0085x", {16, 126, 227, 198, 126, 227, 87}},
          {"o200k_base.tiktoken",
           "a\u0085b \u0085\u0085 c",
           {64, 126, 227, 65, 1322, 227, 126, 227, 274}},
          {"o200k_base.tiktoken", "1\u0085\n\u0085x", {16, 126, 227, 198, 126, 227, 87}},
          {"llama3.1.json", "a\u0085b \u0085\u0085 c", {64, 116360, 65, 2188, 227, 116360, 272}},
          {"llama3.1.json", "1\u0085\n\u0085x", {16, 116360, 198, 116360, 87}},
          {"qwen3.json", "a\u0085b \u0085\u0085 c", {64, 126, 227, 65, 2139, 227, 126, 227, 272}},
          {"qwen3.json", "1\u0085\n\u0085x", {16, 126, 227, 198, 126, 227, 87}},
          {"deepseek-v3.json",
           "a\u0085b \u0085\u0085 c",
           {67, 129, 230, 68, 1203, 230, 129, 230, 274}},
          {"deepseek-v3.json", "1\u0085\n\u0085x", {19, 129, 230, 201, 129, 230, 90}},
      });
}

// NFC before anything else.
TEST(Traps, QwenComposes) {
  expect_ids(
      kSmall,
      {
          {"qwen.json", "e\u0301", {129, 104}},
          {"qwen.json", "\u212B", {129, 229}},
          {"qwen.json", "\u1112\u1161\u11AB", {171, 245, 252}},
          {"qwen.json", "a\u0323\u0307 \u0344", {159, 120, 96, 138, 231, 222, 138, 232, 138, 225}},
      });
}

TEST(TrapsOfRealVocabularies, QwenComposes) {
  expect_ids(kReal,
             {
                 {"qwen3.json", "e\u0301", {963}},
                 {"qwen3.json", "\u212B", {144044}},
                 {"qwen3.json", "\u1112\u1161\u11AB", {23573}},
                 {"qwen3.json", "a\u0323\u0307 \u0344", {20229, 136, 229, 220, 136, 230, 53839}},
                 {"qwen2.gguf", "e\u0301", {963}},
                 {"qwen2.gguf", "\u212B", {144044}},
                 {"qwen2.gguf", "\u1112\u1161\u11AB", {23573}},
                 {"qwen2.gguf", "a\u0323\u0307 \u0344", {20229, 136, 229, 220, 136, 230, 53839}},
             });
}

// ">", a space and "</" belong together; runs of newlines and tabs are added tokens, the longest of 31.
TEST(Traps, GemmasTagsAndRunsOfNewlines) {
  expect_ids(kSmall,
             {
                 {"gemma.json", "<b> </b>", {279, 301, 281, 344, 417, 301, 281}},
                 {"gemma.json", "<i>\u2581</i> x", {279, 308, 281, 344, 417, 308, 281, 344, 322}},
                 {"gemma.json", "\n\n\n", {520}},
                 {"gemma.json",
                  "a\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nb",
                  {300, 524, 524, 524, 524, 522, 301}},
                 {"gemma.json", "\n \n\t\t", {13, 344, 13, 358}},
             });
}

TEST(TrapsOfRealVocabularies, GemmasTagsAndRunsOfNewlines) {
  expect_ids(kReal, {
                        {"gemma3.json", "<b> </b>", {200, 236743, 209}},
                        {"gemma3.json", "<i>\u2581</i> x", {201, 236743, 210, 1123}},
                        {"gemma3.json", "\n\n\n", {109}},
                        {"gemma3.json",
                         "a\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nb",
                         {236746, 137, 108, 236763}},
                        {"gemma3.json", "\n \n\t\t", {107, 236743, 107, 255969}},
                        {"gemma2.json", "<b> </b>", {201, 235248, 210}},
                        {"gemma2.json", "<i>\u2581</i> x", {202, 235248, 211, 1141}},
                        {"gemma2.json", "\n\n\n", {110}},
                        {"gemma2.json",
                         "a\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nb",
                         {235250, 138, 109, 235268}},
                        {"gemma2.json", "\n \n\t\t", {108, 235248, 108, 255969}},
                    });
}

// Numbers, then Chinese and Japanese, then the rest: each within what the one before left.
TEST(Traps, DeepSeeksThreeSplits) {
  expect_ids(
      kSmall,
      {
          {"deepseek.json",
           "abc1234\u4E2D\u6587\u304B\u306A12def",
           {265, 67, 312, 20, 161, 117, 256, 163, 245, 230, 307, 234, 307, 104, 299, 68, 69, 70}},
          {"deepseek.json", "\u4E2D1\u6587", {161, 117, 256, 17, 163, 245, 230}},
          {"deepseek.json", "!abc #define x", {1, 265, 67, 221, 3, 68, 69, 70, 309, 69, 221, 88}},
          {"deepseek.json",
           "\u30AB\u30FC\u30FB\u30FC1.5",
           {306, 105, 160, 226, 121, 160, 226, 120, 160, 226, 121, 17, 14, 21}},
          {"deepseek.json", "\u0301a \u3002b", {314, 65, 221, 301, 225, 66}},
      });
}

TEST(TrapsOfRealVocabularies, DeepSeeksThreeSplits) {
  expect_ids(
      kReal,
      {
          {"deepseek-v3.json",
           "abc1234\u4E2D\u6587\u304B\u306A12def",
           {32372, 6895, 22, 21134, 49534, 736, 3465}},
          {"deepseek-v3.json", "\u4E2D1\u6587", {525, 19, 978}},
          {"deepseek-v3.json", "!abc #define x", {3, 32372, 1823, 11006, 1527}},
          {"deepseek-v3.json", "\u30AB\u30FC\u30FB\u30FC1.5", {112249, 4825, 4045, 19, 16, 23}},
          {"deepseek-v3.json", "\u0301a \u3002b", {17793, 67, 5309, 68}},
      });
}

// 588 of Llama 3's tokens are no result of merges: text becomes them only as whole pieces, by ignore_merges.
TEST(TrapsOfRealVocabularies, Llama3Has588TokensThatMergingNeverMakes) {
  for (const char* file : {"llama3.1.json", "llama3.tiktoken"}) {
    if (!fs::exists(kReal / file)) GTEST_SKIP() << file << " is not there";
    auto spec = load_spec(kReal / file, "llama3");
    ASSERT_TRUE(spec) << spec.error().message;
    auto analysis = engine::analyze_merges(std::get<BpeSpec>(spec->model), spec->vocabulary_size);
    ASSERT_TRUE(analysis);
    EXPECT_EQ(analysis->unreachable.size(), 588U);
    auto tokenizer = open(kReal / file);
    ASSERT_TRUE(tokenizer);
    std::size_t words = 0;
    for (TokenId id : analysis->unreachable) {
      const std::string token = *tokenizer->token_bytes(id);
      if (!is_word(token)) continue;
      ++words;
      EXPECT_EQ(tokenizer->encode(token), TokenIds{id}) << token;
      const TokenIds twice = tokenizer->encode(token + token);
      EXPECT_EQ(std::ranges::count(twice, id), 0) << token;
    }
    EXPECT_GE(words, 90U);
  }
}

// "abc" has no merge that makes it: where it is a piece it is a token, within a longer one it is not.
TEST(Traps, ATokenThatMergingNeverMakes) {
  auto tokenizer = made(R"({"model": {"type": "BPE", "ignore_merges": true,
      "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4, "abc": 5, "cab": 6}, "merges": ["a b", "b c"]},
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    "decoder": {"type": "ByteLevel"}})");
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->encode("abc"), (TokenIds{5}));
  EXPECT_EQ(tokenizer->encode("abca"), (TokenIds{3, 2, 0}));
  EXPECT_EQ(tokenizer->encode("aabc"), (TokenIds{0, 3, 2}));
  EXPECT_EQ(tokenizer->encode("cab"), (TokenIds{6}));
  EXPECT_EQ(tokenizer->encode("abcab"), (TokenIds{3, 2, 3}));
}

// A token that reaches over a space: no safe cut before the space, though all other spaces are one.
constexpr const char* kTags = R"({"model": {"type": "BPE", "byte_fallback": false, "vocab":
      {">": 0, "\u2581": 1, "<": 2, "/": 3, "a": 4, ">\u2581": 5, "</": 6, ">\u2581</": 7, "\u2581a": 8},
      "merges": ["> \u2581", "< /", ">\u2581 </", "\u2581 a"]},
    "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
    "added_tokens": [{"id": 9, "content": "\n", "normalized": false}, {"id": 10, "content": "\n\n", "normalized": false}, {"id": 11, "content": "\n\n\n", "normalized": false}]})";

TEST(Traps, ATokenOverASpace) {
  auto tokenizer = made(kTags);
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->encode("a> </a"), (TokenIds{4, 7, 4}));
  EXPECT_EQ(tokenizer->encode("a> a"), (TokenIds{4, 5, 4}));
  EXPECT_FALSE(tokenizer->is_safe_cut("a>", " </a"));
  EXPECT_TRUE(tokenizer->is_safe_cut("a", " </a"));
}

TEST(Traps, RunsOfNewlinesAreTheLongestAddedToken) {
  auto tokenizer = made(kTags);
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->encode("a\n\n\n\n\na"), (TokenIds{4, 11, 10, 4}));
  EXPECT_FALSE(tokenizer->is_safe_cut("a\n", "\na"));
}

TEST(TrapsOfRealVocabularies, Gemma3sTokenOverASpace) {
  if (!fs::exists(kReal / "gemma3.json")) GTEST_SKIP() << "gemma3.json is not there";
  auto tokenizer = open(kReal / "gemma3.json");
  ASSERT_TRUE(tokenizer);
  auto across = tokenizer->token_id(">\u2581</");
  ASSERT_TRUE(across);
  EXPECT_EQ(std::ranges::count(tokenizer->encode("x> </y"), *across), 1);
  EXPECT_FALSE(tokenizer->is_safe_cut("x>", " </y"));
  EXPECT_TRUE(tokenizer->is_safe_cut("x", " </y"));
}

}  // namespace
}  // namespace leyden::tokenizer
