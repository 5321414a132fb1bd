#include "leyden/tokenizer/normalizer.h"

#include <random>

#include <gtest/gtest.h>
#include <utf8proc.h>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer {
namespace {

std::string text_of(std::u32string_view code_points) {
  std::string text;
  for (char32_t c : code_points) utf8::append(text, c);
  return text;
}

TEST(Normalizer, Composes) {
  EXPECT_EQ(to_nfc("plain ASCII"), "plain ASCII");
  EXPECT_EQ(to_nfc(text_of(U"e\u0301x")), text_of(U"\u00E9x"));
  EXPECT_EQ(to_nfc(text_of(U"\u1112\u1161\u11AB")), text_of(U"한"));
  EXPECT_EQ(to_nfc(text_of(U"\u212B")), text_of(U"\u00C5"));               // Singleton.
  EXPECT_EQ(to_nfc(text_of(U"a\u0301\u0323")), text_of(U"\u1EA1\u0301"));  // Ordered first.
  EXPECT_EQ(to_nfc(""), "");
}

TEST(Normalizer, LeavesAloneWhatTheReferencesUnicode9DoesNotKnow) {
  std::string text =
      text_of(U"a\u0898\u0301");  // U+0898 came with Unicode 14: no mark, so it parts the two.
  EXPECT_EQ(to_nfc(text), text);
  std::string pair = text_of(U"\U00011935\U00011930");  // Unicode 13 composes these.
  EXPECT_EQ(to_nfc(pair), pair);
}

// The whole of utf8proc's NFC against ours, on characters of Unicode 9.
TEST(Normalizer, AgreesWithUtf8procOnRandomText) {
  std::mt19937 random(7);
  constexpr char32_t kAlphabet[] = {'a',    'e',    ' ',    0x301,  0x323,   0x327,  0x304,
                                    0x1112, 0x1161, 0x11AB, 0xAC00, 0x212B,  0x2126, 0x958,
                                    0x93C,  0xFB1D, 0x5B4,  0xF900, 0x1D15E, 0x3099, 0x304B};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (std::size_t i = random() % 12; i > 0; --i)
      utf8::append(text, kAlphabet[random() % std::size(kAlphabet)]);
    auto* expected = utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(text.c_str()));
    ASSERT_EQ(to_nfc(text), reinterpret_cast<const char*>(expected));
    free(expected);
  }
}

TEST(Normalizer, AMegabyteOfMarksInTheWrongOrderIsLinear) {
  std::u32string marks = U"a";
  for (int i = 0; i < 300'000; ++i) marks += i % 2 == 0 ? U'\u0301' : U'\u0323';
  std::string text = to_nfc(text_of(marks));
  EXPECT_TRUE(text.starts_with(text_of(U"\u1EA1\u0323\u0323")));
  EXPECT_EQ(to_nfc(text), text);
}

}  // namespace
}  // namespace leyden::tokenizer
