#include "leyden/tokenizer/plain/plain_tokenizer.h"

#include <gtest/gtest.h>

#include "leyden/tokenizer/plain/graphemes.h"
#include "leyden/tokenizer/plain/reference_unicode.h"
#include "leyden/tokenizer/plain/regex.h"

// Small specifications by hand. The expected IDs are those of Hugging Face tokenizers 0.23.3 and SentencePiece 0.2.3 for the same
// tokenizer. small_vocabularies_test.cc has whole tokenizers.
namespace leyden::tokenizer::plain {
namespace {

std::vector<SpecToken> numbered(std::initializer_list<const char*> texts) {
  std::vector<SpecToken> tokens;
  for (const char* text : texts) tokens.push_back({static_cast<TokenId>(tokens.size()), text});
  return tokens;
}

TokenizerSpec bpe(std::initializer_list<const char*> tokens, std::vector<SpecMerge> merges,
                  bool byte_level = true) {
  TokenizerSpec spec;
  BpeSpec model;
  model.tokens = numbered(tokens);
  model.merges = std::move(merges);
  model.byte_level = byte_level;
  spec.model = model;
  return spec;
}

TokenizerSpec unigram(std::vector<std::pair<const char*, double>> pieces,
                      std::optional<TokenId> unknown) {
  TokenizerSpec spec;
  UnigramSpec model;
  for (auto [text, score] : pieces)
    model.pieces.push_back({static_cast<TokenId>(model.pieces.size()), text, score, {}});
  model.unknown = unknown;
  spec.model = model;
  return spec;
}

// Every letter its own token, ID = the letter.
TokenizerSpec letters() {
  TokenizerSpec spec;
  BpeSpec model;
  for (TokenId c = 0; c < 128; ++c)
    model.tokens.push_back({c, std::string(1, static_cast<char>(c))});
  spec.model = model;
  return spec;
}

TEST(PlainBpe, TheLowestRankThenTheLeftmost) {
  // aa: rank 0; ab: rank 1; aab: rank 2.
  auto spec = bpe({"a", "b", "aa", "ab", "aab"}, {{0, 0, 2, 0}, {0, 1, 3, 1}, {2, 1, 4, 2}});
  EXPECT_EQ(encode(spec, "aaab"), (TokenIds{2, 3}));
  EXPECT_EQ(encode(spec, "aab"), (TokenIds{4}));
  EXPECT_EQ(encode(spec, "aaaaa"), (TokenIds{2, 2, 0}));
}

TEST(PlainBpe, AWholePieceIsItsTokenOnlyWithIgnoreMerges) {
  auto spec = bpe({"a", "b", "ab"}, {});
  EXPECT_EQ(encode(spec, "ab"), (TokenIds{0, 1}));
  std::get<BpeSpec>(spec.model).whole_first = true;
  EXPECT_EQ(encode(spec, "ab"), (TokenIds{2}));
}

TEST(PlainBpe, AnUnknownCharacterWaitsBehindFallenBackBytes) {
  auto spec = bpe({"<unk>", "a", "<0xC3>", "<0xA9>"}, {}, false);
  auto& model = std::get<BpeSpec>(spec.model);
  model.byte_fallback = true;
  model.unknown = 0;
  model.fuse_unknown = true;
  EXPECT_EQ(encode(spec, "\u4E2D\u00E9a"), (TokenIds{2, 3, 0, 1}));  // Not 0 2 3 1.
  EXPECT_EQ(encode(spec, "\u4E2D\u4E2Da"), (TokenIds{0, 1}));
  model.fuse_unknown = false;
  EXPECT_EQ(encode(spec, "\u4E2D\u4E2Da"), (TokenIds{0, 0, 1}));
  model.unknown.reset();
  EXPECT_EQ(encode(spec, "\u4E2Da"), (TokenIds{1}));
}

TEST(PlainBpe, UserDefinedSymbolsNeverMerge) {
  auto spec = bpe({"a", "b", "ab"}, {{0, 1, 2, 0}}, false);
  auto& model = std::get<BpeSpec>(spec.model);
  model.user_defined = {{3, "ba"}};
  EXPECT_EQ(encode(spec, "abab"), (TokenIds{0, 3, 1}));
}

TEST(PlainUnigram, OfEqualSumsTheLongestLastPieceStays) {
  auto spec = unigram({{"<unk>", 0}, {"a", -1}, {"aa", -2}, {"aaa", -3}}, 0);
  EXPECT_EQ(encode(spec, "aaaa"), (TokenIds{1, 3}));
}

TEST(PlainUnigram, UnknownNeighboursAreOneStringThatIsLookedUpAgain) {
  // The unknown character costs the lowest score less 10, whatever that is.
  auto spec = unigram({{"<unk>", 0}, {"a", -1}, {"\u4E2D\u4E2D", -90}, {"\u4E2D\u4E8C", -1}}, 0);
  EXPECT_EQ(encode(spec, "\u4E2D\u4E2Da"), (TokenIds{2, 1}));
  EXPECT_EQ(encode(spec, "a\u4E8C\u4E8C"), (TokenIds{1, 0}));
  // "<unk>" in the text is a piece like others, and joins its unknown neighbours.
  EXPECT_EQ(encode(spec, "<unk>\u4E8C"), (TokenIds{0}));
}

TEST(PlainUnigram, SentencePieceCountsInFloat) {
  auto spec = unigram({{"<unk>", 0}, {"a", -0.1}, {"b", -0.2}, {"ab", -0.3}}, 0);
  EXPECT_EQ(encode(spec, "ab"), (TokenIds{3}));  // In double -0.1 + -0.2 is below -0.3.
  std::get<UnigramSpec>(spec.model).single_precision = true;
  EXPECT_EQ(encode(spec, "ab"), (TokenIds{3}));
}

TEST(PlainWordPiece, AWordIsUnknownAsAWhole) {
  TokenizerSpec spec;
  WordPieceSpec model;
  model.tokens = numbered({"[UNK]", "un", "##aff", "##able", "a"});
  model.word_chars_max = 9;
  spec.model = model;
  spec.pretokenizers = {SplitBert{}};
  EXPECT_EQ(encode(spec, "unaffable"), (TokenIds{1, 2, 3}));
  EXPECT_EQ(encode(spec, "unaffablex"), (TokenIds{0}));
  EXPECT_EQ(encode(spec, "unx a"), (TokenIds{0, 4}));
}

TEST(PlainAdded, TheLongestAtEachPlace) {
  auto spec = letters();
  spec.added = {{200, "<a>", false, false, false, false, false},
                {201, "<a><", false, false, false, false, false}};
  EXPECT_EQ(encode(spec, "<a><a>"), (TokenIds{201, 'a', '>'}));
}

TEST(PlainAdded, SpecialOnesFollowThePolicyAndHideWhatIsInThem) {
  auto spec = letters();
  spec.added = {{200, "<|x|>", true, false, false, false, false},
                {201, "x", false, false, false, false, false}};
  EXPECT_EQ(encode(spec, "x<|x|>"), (TokenIds{201, '<', '|', 'x', '|', '>'}));
  EXPECT_EQ(encode(spec, "x<|x|>", {.special = SpecialPolicy::all()}), (TokenIds{201, 200}));
  EXPECT_EQ(encode(spec, "<|x|>", {.special = SpecialPolicy::only({200})}), (TokenIds{200}));
}

TEST(PlainAdded, WhitespaceAndWordsAround) {
  auto spec = letters();
  spec.added = {{200, "<l>", false, true, false, false, false},
                {201, "<r>", false, false, true, false, false},
                {202, "w", false, false, false, true, false}};
  EXPECT_EQ(encode(spec, "a \n<l> b"), (TokenIds{'a', 200, ' ', 'b'}));
  EXPECT_EQ(encode(spec, "a <r>\t b"), (TokenIds{'a', ' ', 201, 'b'}));
  EXPECT_EQ(encode(spec, "<r>  <l>"), (TokenIds{201, 200}));
  EXPECT_EQ(encode(spec, "w aw wa w."),
            (TokenIds{202, ' ', 'a', 'w', ' ', 'w', 'a', ' ', 202, '.'}));
}

TEST(PlainAdded, NormalizedOnesAreFoundInNormalizedText) {
  auto spec = letters();
  spec.normalizers = {NormalizeLowercase{}};
  spec.added = {{200, "ABC", false, false, false, false, true},
                {201, "DEF", false, false, false, false, false}};
  EXPECT_EQ(encode(spec, "aBc"), (TokenIds{200}));
  EXPECT_EQ(encode(spec, "def"), (TokenIds{'d', 'e', 'f'}));
  EXPECT_EQ(encode(spec, "DEF"), (TokenIds{201}));
  EXPECT_EQ(decode(spec, TokenIds{200, 201}), "abcDEF");  // As the reference writes them.
}

TEST(PlainNormalize, PrependStandsBeforeEverySection) {
  auto spec = letters();
  spec.normalizers = {NormalizePrepend{"_"}};
  spec.added = {{200, "<s>", true, false, false, false, false}};
  EXPECT_EQ(encode(spec, "a<s>b", {.special = SpecialPolicy::all()}),
            (TokenIds{'_', 'a', 200, '_', 'b'}));
  EXPECT_EQ(encode(spec, ""), TokenIds{});
}

std::string normalized(NormalizerStep step, std::string_view text) {
  TokenizerSpec spec;
  spec.normalizers = {std::move(step)};
  return to_utf8(Normalizers(spec).apply(to_text(text)).chars);
}

TEST(PlainNormalize, ComposesAsOfUnicode9) {
  NormalizeUnicode nfc{NormalizeUnicode::Form::nfc};
  EXPECT_EQ(normalized(nfc, "e\u0301"), "\u00E9");
  EXPECT_EQ(normalized(nfc, "q\u0307\u0323"), "q\u0323\u0307");
  EXPECT_EQ(normalized(nfc, "\u1100\u1161\u11A8"), "\uAC01");
  EXPECT_EQ(normalized(nfc, "\u212B"), "\u00C5");
  // U+1ACF has a combining class since Unicode 16: here it does not move.
  EXPECT_EQ(normalized(nfc, "a\u1ACF\u0323"), "a\u1ACF\u0323");
}

TEST(PlainNormalize, SentencePieceSpaces) {
  EXPECT_EQ(normalized(NormalizeSpaces{}, "  a  b "), "\u2581a\u2581b");
  EXPECT_EQ(normalized(NormalizeSpaces{.remove_extra_whitespaces = false}, " a "),
            "\u2581\u2581a\u2581");
  EXPECT_EQ(normalized(NormalizeSpaces{.treat_whitespace_as_suffix = true}, "a b"),
            "a\u2581b\u2581");
  EXPECT_EQ(normalized(NormalizeSpaces{}, "   "), "");
  EXPECT_EQ(normalized(NormalizeSpaces{}, "a\u2581"),
            "\u2581a");  // A mark of the text's own goes with the spaces.
}

std::vector<std::string> pieces(std::vector<PretokenizerStep> steps, std::string_view text) {
  TokenizerSpec spec;
  spec.pretokenizers = std::move(steps);
  std::vector<std::string> out;
  for (const Piece& piece : Pretokenizers(spec).apply(to_text(text)))
    out.push_back(to_utf8(piece.text.chars));
  return out;
}
using Strings = std::vector<std::string>;

TEST(PlainPretokenize, TheFiveBehaviors) {
  auto cut = [](SplitBehavior behavior) {
    return pieces({SplitPattern{"-", false, behavior, false}}, "the--final-countdown");
  };
  EXPECT_EQ(cut(SplitBehavior::removed), (Strings{"the", "final", "countdown"}));
  EXPECT_EQ(cut(SplitBehavior::isolated), (Strings{"the", "-", "-", "final", "-", "countdown"}));
  EXPECT_EQ(cut(SplitBehavior::merged_with_previous),
            (Strings{"the-", "-", "final-", "countdown"}));
  EXPECT_EQ(cut(SplitBehavior::merged_with_next), (Strings{"the", "-", "-final", "-countdown"}));
  EXPECT_EQ(cut(SplitBehavior::contiguous), (Strings{"the", "--", "final", "-", "countdown"}));
}

// U+00B2 stands for a byte behind ByteLevel, and is a number.
TEST(PlainPretokenize, WhatFollowsByteLevelSeesItsCharacters) {
  EXPECT_EQ(pieces({SplitByteLevel{}, SplitDigits{}}, "x\u00F2"), (Strings{"x\u00C3", "\u00B2"}));
}

TEST(PlainPretokenize, MetaspaceFirstGoesByWhereThePieceComesFrom) {
  SplitMetaspace first{.prepend = SplitMetaspace::Prepend::first};
  EXPECT_EQ(pieces({SplitOnWhitespace{}, first}, "a b"), (Strings{"\u2581a", "b"}));
  EXPECT_EQ(pieces({SplitOnWhitespace{}, first}, " a b"), (Strings{"a", "b"}));
  EXPECT_EQ(pieces({SplitMetaspace{}}, "a  b"), (Strings{"\u2581a", "\u2581", "\u2581b"}));
}

TEST(PlainRegex, UnicodeIsThatOfTheReferences) {
  EXPECT_EQ(
      Regex::translate(R"(\p{Zl}[^\s\p{Zp}x]\\p)"),
      R"([\x{2028}-\x{2028}][^\x{9}-\x{D}\x{20}-\x{20}\x{85}-\x{85}\x{A0}-\x{A0}\x{1680}-\x{1680}\x{2000}-\x{200A})"
      R"(\x{2028}-\x{2029}\x{202F}-\x{202F}\x{205F}-\x{205F}\x{3000}-\x{3000}\x{2029}-\x{2029}x]\\p)");
  EXPECT_THROW(Regex(R"(\p{Klingon})"), std::runtime_error);
  EXPECT_EQ(Regex("(?i:'s)").find_all(U"x'\u017F").size(), 1U);
  EXPECT_EQ(Regex(R"(\s+(?!\S)|\s+)").find_all(U"a  b ").size(), 3U);
}

TEST(PlainGraphemes, Clusters) {
  EXPECT_EQ(grapheme_ends(U"e\u0301x"), (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(grapheme_ends(U"\r\n\n"), (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(grapheme_ends(U"\U0001F1E9\U0001F1EA\U0001F1EB"), (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(grapheme_ends(U"\u00A9\u200D\u00A9a"), (std::vector<std::size_t>{3, 4}));
}

TEST(PlainDecode, RunsOfBytes) {
  auto spec = bpe({"a", "<0xC3>", "<0xA9>", "\u2581b"}, {}, false);
  spec.decodes_to_bytes = false;
  spec.decoders = {DecodeReplace{"\u2581", false, " "}, DecodeByteFallback{}, DecodeFuse{},
                   DecodeStrip{" ", 1, 0}};
  EXPECT_EQ(decode(spec, TokenIds{3, 1, 2, 3}), "b\u00E9 b");
  EXPECT_EQ(decode(spec, TokenIds{1, 2, 1}), "\uFFFD\uFFFD\uFFFD");
  std::get<BpeSpec>(spec.model).byte_fallback = true;
  spec.decoders = {DecodeSentencePiece{}};
  EXPECT_EQ(decode(spec, TokenIds{3, 1, 2, 1, 3}), "b\u00E9\uFFFD b");
  EXPECT_EQ(decode(spec, TokenIds{9}), std::nullopt);
}

TEST(PlainTokenizer, IllFormedBytesAreReplaced) {
  auto spec = letters();
  auto& model = std::get<BpeSpec>(spec.model);
  for (TokenId byte : {0xEFU, 0xBFU, 0xBDU})
    model.tokens.push_back({byte, std::string(1, static_cast<char>(byte))});
  EXPECT_EQ(encode(spec, "a\xE2\x82z"), (TokenIds{'a', 0xEF, 0xBF, 0xBD, 'z'}));
}

TEST(PlainTokenizer, TheTemplateStandsAroundEverything) {
  auto spec = letters();
  spec.post = {{300, 301}, {302}};
  EncodeOptions with_template;
  with_template.add_special_tokens = true;
  EXPECT_EQ(encode(spec, "a", with_template), (TokenIds{300, 301, 'a', 302}));
  EXPECT_EQ(encode(spec, "", with_template), (TokenIds{300, 301, 302}));
  EXPECT_EQ(encode(spec, ""), TokenIds{});
}

}  // namespace
}  // namespace leyden::tokenizer::plain
