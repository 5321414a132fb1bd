#include "leyden/tokenizer/unicode_classes.h"

#include <string>

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

TEST(UnicodeClasses, KnowTheCategoriesAtTheReferencesVersion) {
  EXPECT_EQ(char_class('A'), kUpper);
  EXPECT_EQ(char_class(U'ǅ'), kUpper);  // Lt
  EXPECT_EQ(char_class(U'ß'), kLower);
  EXPECT_EQ(char_class(U'ʰ'), kOtherLetter);  // Lm
  EXPECT_EQ(char_class(U'中'), kOtherLetter);
  EXPECT_EQ(char_class(0x0301), kMark);
  EXPECT_EQ(char_class(U'٣'), kNumber | kDigit);
  EXPECT_EQ(char_class(U'Ⅷ'), kNumber | kDigit);
  EXPECT_EQ(char_class('\n'), kWhitespace | kNewline);
  EXPECT_EQ(char_class(0x85), kWhitespace);
  EXPECT_EQ(char_class(0xFEFF), 0);        // No whitespace, whatever JavaScript thinks.
  EXPECT_EQ(char_class(0x10D50), kUpper);  // GARAY CAPITAL LETTER A, new in Unicode 16.
  EXPECT_EQ(char_class(0x11DE0), kDigit);  // Of Unicode 17: a digit to Digits only.
  EXPECT_EQ(char_class(0x10FFFF), 0);
}

TEST(UnicodeClasses, DecodeEveryCodePointAsTheCheckedDecoderDoes) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    utf8::append(text, c);
    ClassedChar read = classed_char(text, 0);
    ASSERT_EQ(read.code_point, c);
    ASSERT_EQ(read.size, text.size());
  }
  EXPECT_EQ(classed_char("a", 1).size, 0);
}

}  // namespace
}  // namespace leyden::tokenizer
