#include "leyden/tokenizer/pipeline_tokenizer.h"

#include <algorithm>
#include <random>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/normalizer.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::tokenizer {
namespace {

std::string random_text(std::mt19937& random, std::size_t pieces) {
  static constexpr std::string_view kPieces[] = {
      " ",        "  ",     "\n",  "\r\n",    "\t",   "the",      "Foo",          "bar",
      "s",        "'s",     "'LL", "12",      "3",    ".",        "()",           "//",
      "/",        "-",      "é",   "e\u0301", "中文", "한",       "\u1112\u1161", "😀",
      "ʰ",        "\u00A0", "<|",  "|>",      "\xFF", "\xE2\x82", "\u0301",       "_x",
      "return 0;"};
  std::string text;
  for (std::size_t i = random() % (pieces + 1); i > 0; --i)
    text += kPieces[random() % std::size(kPieces)];
  return text;
}

class EachTokenizer : public testing::TestWithParam<const char*> {
 protected:
  const Tokenizer& tokenizer() { return test_tokenizer(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Real, EachTokenizer, testing::ValuesIn(kTestTokenizers),
                         [](const auto& each) {
                           std::string name = std::filesystem::path(each.param).stem().string();
                           std::erase_if(name, [](char c) {
                             return std::isalnum(static_cast<unsigned char>(c)) == 0;
                           });
                           return name;
                         });

TEST_P(EachTokenizer, ASafeCutIsSafe) {
  std::mt19937 random(21);
  int safe = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string left = random_text(random, 6);
    std::string right = random_text(random, 6);
    if (!tokenizer().is_safe_cut(left, right)) continue;
    if (!right.empty()) right += random_text(random, 2);  // A cut stays safe, whatever follows.
    ++safe;
    TokenIds apart = tokenizer().encode(left);
    for (TokenId id : tokenizer().encode(right)) apart.push_back(id);
    ASSERT_EQ(apart, tokenizer().encode(left + right))
        << testing::PrintToString(left) << " | " << testing::PrintToString(right);
  }
  EXPECT_GT(safe, 2'000);
}

TEST_P(EachTokenizer, ACutBesideIllFormedBytesIsNeverCalledSafe) {
  EXPECT_FALSE(tokenizer().is_safe_cut("a\xE2\x82", " b"));
  EXPECT_FALSE(tokenizer().is_safe_cut("a\n", "\x80x"));
  EXPECT_TRUE(tokenizer().is_safe_cut("", "x"));
  EXPECT_TRUE(tokenizer().is_safe_cut("é", " x"));
}

TEST_P(EachTokenizer, DecodingGivesTheTextBack) {
  std::mt19937 random(22);
  bool nfc = std::string(GetParam()).find("qwen") != std::string::npos;
  for (int round = 0; round < 2'000; ++round) {
    std::string text = random_text(random, 30);
    std::string expected = utf8::replace_invalid(text);
    if (nfc) expected = to_nfc(expected);
    ASSERT_EQ(tokenizer().decode(tokenizer().encode(text)).value(), expected);
  }
}

TEST_P(EachTokenizer, AnIdOutsideTheVocabularyIsAnErrorThatDoesNotNameIt) {
  TokenIds ids = tokenizer().encode("hello");
  ids.push_back(4'000'000'000U);
  auto decoded = tokenizer().decode(ids);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Errc::invalid_argument);
  EXPECT_EQ(decoded.error().message.find("4000000000"), std::string::npos);
}

TEST_P(EachTokenizer, LongRunsOfOneCharacterEndSoon) {
  for (std::string_view unit : {" ", "\n", "a", "1", "=", "中", "\u0301"}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    ASSERT_EQ(tokenizer().decode(tokenizer().encode(text)).value().size(), text.size());
  }
}

TEST(PipelineTokenizer, SpecialTokensAreTextUnlessAskedFor) {
  const Tokenizer& qwen = test_tokenizer("tokenizers/qwen2.5.json");
  TokenId start = qwen.special_token("<|im_start|>").value();
  EXPECT_EQ(start, 151644U);
  std::string text = "a<|im_start|>b";
  TokenIds as_text = qwen.encode(text);
  EXPECT_EQ(std::ranges::count(as_text, start), 0);
  EXPECT_EQ(qwen.decode(as_text).value(), text);
  TokenIds parsed = qwen.encode(text, {.special = SpecialPolicy::all()});
  EXPECT_EQ(parsed, (TokenIds{64, start, 65}));
  EXPECT_EQ(qwen.decode(parsed).value(), text);
  EXPECT_FALSE(qwen.special_token("<|no_such|>"));
}

TEST(PipelineTokenizer, TheFingerprintFollowsTheContent) {
  auto of = [](std::string_view pattern, std::string_view token) {
    TokenizerSpec spec;
    spec.name = "x";
    spec.vocabulary_size = 2;
    spec.pretokenizers.emplace_back(SplitPattern{.pattern = std::string(pattern)});
    BpeSpec bpe;
    bpe.tokens = {{0, std::string(token)}};
    spec.model = bpe;
    return fingerprint(spec);
  };
  EXPECT_EQ(of("x", "a"), of("x", "a"));
  EXPECT_NE(of("x", "a"), of("x", "b"));
  EXPECT_NE(of("x", "a"), of("y", "a"));
}

TEST_P(EachTokenizer, OffsetsCoverTheTextAndTheIdsAreTheSame) {
  std::mt19937 random(23);
  for (int round = 0; round < 500; ++round) {
    std::string text = random_text(random, 20);
    Encoding encoding = tokenizer().encode_with_offsets(text);
    ASSERT_EQ(encoding.ids, tokenizer().encode(text));
    ASSERT_EQ(encoding.ids.size(), encoding.spans.size());
    ASSERT_EQ(tokenizer().count(text), encoding.ids.size());
    std::size_t covered = 0;
    for (const Span& span : encoding.spans) {
      ASSERT_LE(span.begin, covered);
      ASSERT_LE(span.end, text.size());
      covered = std::max(covered, span.end);
    }
    ASSERT_EQ(covered, text.size()) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace leyden::tokenizer
