#include "leyden/base/utf8.h"

#include <gtest/gtest.h>

namespace leyden::utf8 {
namespace {

TEST(Utf8, EveryCodePointGoesThereAndBack) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append(text, c);
    Decoded back = decode(text, 0);
    ASSERT_TRUE(back.valid) << std::hex << static_cast<unsigned>(c);
    ASSERT_EQ(back.code_point, c);
    ASSERT_EQ(back.size, text.size());
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
      ASSERT_EQ(incomplete_suffix("a" + text.substr(0, cut)), cut);
    }
    ASSERT_EQ(incomplete_suffix(text), 0U);
  }
}

// Expected values: python3's bytes.decode("utf-8", errors="replace").
TEST(Utf8, IllFormedPartsBecomeAsManyReplacementsAsInPython) {
  auto replaced = [](std::string_view text) { return replace_invalid(text); };
  EXPECT_EQ(replaced("a\xFF"
                     "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(replaced("\xE2\x82"), "\xEF\xBF\xBD");  // Truncated: one part.
  EXPECT_EQ(replaced("\xE2\x82"
                     "a"),
            "\xEF\xBF\xBD"
            "a");
  EXPECT_EQ(replaced("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // Overlong: two.
  EXPECT_EQ(replaced("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // Surrogate: three.
  EXPECT_EQ(replaced("\xF0\x9F\x98"), "\xEF\xBF\xBD");
  EXPECT_EQ(replaced("\xF4\x90\x80\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(valid_prefix("12345678\x80"), 8U);
  EXPECT_TRUE(is_valid(""));
}

TEST(Utf8, OnlyWhatMayGoOnIsIncomplete) {
  EXPECT_EQ(incomplete_suffix("abc"), 0U);
  EXPECT_EQ(incomplete_suffix("\x80"), 0U);      // A continuation byte without a lead.
  EXPECT_EQ(incomplete_suffix("\xED\xA0"), 0U);  // Can only become a surrogate.
  EXPECT_EQ(incomplete_suffix("\xF0\x9F\x98"), 3U);
  EXPECT_EQ(incomplete_suffix("\xC3\xA9"), 0U);
}

TEST(Utf8, AShortLineIsOneLineOfWholeCharacters) {
  EXPECT_EQ(short_line("", 3), "");
  EXPECT_EQ(short_line(" a\n\t b\r\n", 10), "a b");
  EXPECT_EQ(short_line("abcdef", 6), "abcdef");
  EXPECT_EQ(short_line("abcdefg", 6), "abc…");
  EXPECT_EQ(short_line("日本語", 8), "日…");
  EXPECT_TRUE(is_valid(short_line("a\xFF\0b日日日日日日", 9)));
}

}  // namespace
}  // namespace leyden::utf8
