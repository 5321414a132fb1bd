#include "leyden/tokenizer/models/word_models.h"

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

TokenIds encoded(const SegmentModel& model, std::string_view text) {
  TokenIds ids;
  std::vector<std::size_t> ends;
  model.encode(text, ids, &ends);
  EXPECT_EQ(ids.size(), ends.size());
  if (!ends.empty()) EXPECT_EQ(ends.back(), text.size());
  return ids;
}

TEST(WordPieceModel, TakesTheLongestThatFits) {
  WordPieceSpec spec;
  spec.tokens = {{1, "un"}, {2, "unaff"}, {3, "##aff"}, {4, "##able"}, {5, "##a"}, {6, "é"}};
  spec.unknown = 9;
  spec.word_chars_max = 12;
  auto model = WordPieceModel::make(spec).value();
  EXPECT_EQ(encoded(*model, "unaffable"), (TokenIds{2, 4}));
  EXPECT_EQ(encoded(*model, "unaff"), TokenIds{2});
  EXPECT_EQ(encoded(*model, "éa"), (TokenIds{6, 5}));
  EXPECT_EQ(encoded(*model, "unaffx"), TokenIds{9});  // The whole word is unknown.
  EXPECT_EQ(encoded(*model, "##a"), TokenIds{5});     // The text itself may say so.
  EXPECT_EQ(encoded(*model, "unaaaaaaaaaa"), (TokenIds{1, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5}));
  EXPECT_EQ(encoded(*model, "unaaaaaaaaaaa"), TokenIds{9});  // Too long.
}

TEST(WordLevelModel, AWordIsATokenOrUnknown) {
  WordLevelSpec spec;
  spec.tokens = {{1, "a"}, {2, "ab"}};
  auto model = WordLevelModel::make(spec).value();
  EXPECT_EQ(encoded(*model, "ab"), TokenIds{2});
  EXPECT_EQ(encoded(*model, "abc"), TokenIds{});
  spec.unknown = 0;
  EXPECT_EQ(encoded(*WordLevelModel::make(spec).value(), "abc"), TokenIds{0});
}

}  // namespace
}  // namespace leyden::tokenizer
