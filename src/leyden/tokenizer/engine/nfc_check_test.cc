#include "leyden/tokenizer/engine/nfc_check.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/normalizer.h"

namespace leyden::tokenizer::engine {
namespace {

TEST(NfcCheck, NoCharacterThatItCallsFineEverChanges) {
  // Fine ones stay as they are alone, and in front of and behind every other fine one that could compose: the second of a
  // composition is never fine, so it is enough to look at each with the characters that do compose.
  std::vector<std::string> fine;
  for (char32_t point = 0; point < 0x110000; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    std::string text;
    utf8::append(text, point);
    if (!is_surely_nfc(text)) continue;
    ASSERT_EQ(to_nfc(text), text) << static_cast<unsigned>(point);
    fine.push_back(text);
  }
  EXPECT_GT(fine.size(), 45'000U);
  // Neither composes with what stands before it, nor moves behind it.
  for (const char* before : {"a", "e", "\u1112", "\uD55C", "\uAC00", "か", "\u0B47", "\u0928",
                             "\u0627", "a\u0327", "\U00011099"}) {
    for (const std::string& second : fine) {
      std::string text = before + second;
      ASSERT_EQ(to_nfc(text), to_nfc(before) + second) << before << second;
    }
  }
}

}  // namespace
}  // namespace leyden::tokenizer::engine
