#include "leyden/prompt/segment.h"

#include <random>

#include <gtest/gtest.h>

#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::prompt {
namespace {

TEST(Segment, IsTheNameThenTheTextThenOneNewline) {
  EXPECT_EQ(layout_segment("a/b.md", "", "x\ny"), "[a/b.md]\nx\ny\n");
  EXPECT_EQ(layout_segment("a/b.md", "Use > In C\n++", "x"), "[a/b.md | Use > In C\uFFFD++]\nx\n");
  EXPECT_EQ(layout_segment("a", "", "\n \n  indented\nlast \n\n\t"), "[a]\n  indented\nlast\n");
  EXPECT_EQ(layout_segment("a", "", " \n\u3000"), "[a]\n");
  EXPECT_EQ(layout_segment("a", "", ""), "[a]\n");
  EXPECT_EQ(layout_segment("a\nb\x1b", "", "x"), "[a\uFFFDb\uFFFD]\nx\n");
  EXPECT_EQ(layout_segment("\xFF", "", "\xFF"), "[\uFFFD]\n\uFFFD\n");
}

// What the layout is for: any two segments may be joined by their IDs, with every tokenizer.
TEST(Segment, AnyTwoMayStandSideBySide) {
  std::mt19937 random(5);
  static constexpr std::string_view kPieces[] = {" ",  "\n",     "\n\n", "a",      "/",
                                                 ".",  "\u3000", "é",    "\u0301", "1",
                                                 "'s", "]",      "\xFF", "한",     "\r\n"};
  auto text = [&] {
    std::string made;
    for (std::size_t i = random() % 8; i > 0; --i) made += kPieces[random() % std::size(kPieces)];
    return made;
  };
  for (const char* file : tokenizer::kTestTokenizers) {
    const tokenizer::Tokenizer& tokenizer = tokenizer::test_tokenizer(file);
    for (int round = 0; round < 2'000; ++round) {
      std::string left = layout_segment(text(), text(), text());
      std::string right = layout_segment(text(), text(), text());
      ASSERT_TRUE(tokenizer.is_safe_cut(left, right))
          << file << testing::PrintToString(left) << testing::PrintToString(right);
    }
  }
}

}  // namespace
}  // namespace leyden::prompt
