#include "leyden/tokenizer/pretokenizers/piece_cutter.h"

#include <string>

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

std::string cut(const PretokenizerStep& step, std::string_view text) {
  auto cutter = make_cutter(step);
  if (!cutter) return "error: " + cutter.error().message;
  Pieces pieces{
      .text = NormalizedText(text, 0, false), .ranges = {{0, text.size()}}, .at_start = true};
  (*cutter)->apply(pieces);
  std::string out;
  for (const auto& range : pieces.ranges) {
    out += '[' + std::string(pieces.text.text().substr(range.begin, range.end - range.begin)) + ']';
  }
  return out;
}

SplitPattern split(SplitBehavior behavior, bool invert = false) {
  return {.pattern = "-+", .is_regex = true, .behavior = behavior, .invert = invert};
}

TEST(PieceCutter, WhatBecomesOfAMatch) {
  EXPECT_EQ(cut(split(SplitBehavior::removed), "a--b"), "[a][b]");
  EXPECT_EQ(cut(split(SplitBehavior::removed, true), "a--b"), "[--]");
  EXPECT_EQ(cut(split(SplitBehavior::isolated), "a--b"), "[a][--][b]");
  EXPECT_EQ(cut(split(SplitBehavior::merged_with_previous), "-a--b"), "[-][a--][b]");
  EXPECT_EQ(cut(split(SplitBehavior::merged_with_next), "a--b-"), "[a][--b][-]");
  auto digits = [](bool individual) { return SplitDigits{individual}; };
  EXPECT_EQ(cut(digits(true), "a12b"), "[a][1][2][b]");
  EXPECT_EQ(cut(digits(false), "a12b"), "[a][12][b]");
  SplitPunctuation punctuation{SplitBehavior::merged_with_next};
  EXPECT_EQ(cut(punctuation, "a,,b"), "[a][,][,b]");
  punctuation.behavior = SplitBehavior::merged_with_previous;
  EXPECT_EQ(cut(punctuation, "a,,b"), "[a,][,][b]");
}

TEST(PieceCutter, TheOthers) {
  EXPECT_EQ(cut(SplitWhitespace{}, "it's é_1 ..!"), "[it]['][s][é_1][..!]");
  EXPECT_EQ(cut(SplitOnWhitespace{}, " a\u3000b "), "[a][b]");
  EXPECT_EQ(cut(SplitBert{}, "a,b c$"), "[a][,][b][c][$]");
  EXPECT_EQ(cut(SplitUnicodeScripts{}, "abcかなカナ漢字 яд"), "[abc][かなカナ漢字 ][яд]");
  EXPECT_EQ(cut(SplitCharDelimiter{U'·'}, "a··b"), "[a][b]");
  EXPECT_EQ(cut(SplitFixedLength{2}, "aéb"), "[aé][b]");
  EXPECT_EQ(cut(SplitByteLevel{true, true}, "a b"), "[ a][ b]");
}

TEST(PieceCutter, Metaspace) {
  using Prepend = SplitMetaspace::Prepend;
  EXPECT_EQ(cut(SplitMetaspace{"▁", Prepend::always, true}, "a  b"), "[▁a][▁][▁b]");
  EXPECT_EQ(cut(SplitMetaspace{"▁", Prepend::always, false}, "a b"), "[▁a▁b]");
  EXPECT_EQ(cut(SplitMetaspace{"▁", Prepend::never, true}, "a b"), "[a][▁b]");
  EXPECT_EQ(cut(SplitMetaspace{"▁", Prepend::first, true}, " a"), "[▁a]");
}

}  // namespace
}  // namespace leyden::tokenizer
