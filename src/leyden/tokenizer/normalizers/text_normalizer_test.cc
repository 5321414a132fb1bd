#include "leyden/tokenizer/normalizers/text_normalizer.h"

#include <string>

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

// Applies one step, with and without places, which must give the same text.
std::string normalized(std::vector<NormalizerStep> steps, std::string_view text) {
  auto made = make_normalizers(steps);
  if (!made) return "error: " + made.error().message;
  NormalizedText plain(text, 0, false);
  NormalizedText tracked(text, 0, true);
  for (const auto& step : *made) {
    step->apply(plain);
    step->apply(tracked);
  }
  EXPECT_EQ(plain.text(), tracked.text());
  for (std::size_t i = 0; i < tracked.text().size(); ++i) {
    EXPECT_LE(tracked.origin(i, i + 1).end, text.size());
  }
  return std::string(plain.text());
}

TEST(TextNormalizer, UnicodeForms) {
  using Form = NormalizeUnicode::Form;
  EXPECT_EQ(normalized({NormalizeUnicode{Form::nfd}}, "é한"), "e\u0301\u1112\u1161\u11AB");
  EXPECT_EQ(normalized({NormalizeUnicode{Form::nfkc}}, "ﬁＡ①"), "fiA1");
  EXPECT_EQ(normalized({NormalizeUnicode{Form::nfkd}}, "Å"), "A\u030A");
  EXPECT_EQ(normalized({NormalizeUnicode{Form::nfc}}, "xe\u0301y e\u0323\u0301"), "xéy ẹ\u0301");
  EXPECT_EQ(normalized({NormalizeUnicode{Form::nfkc}}, "ｶﾞ"), "ガ");  // U+FF9E composes back.
}

TEST(TextNormalizer, TheSimpleOnes) {
  EXPECT_EQ(normalized({NormalizeLowercase{}}, "AÉİΣ"), "aéi\u0307σ");
  EXPECT_EQ(normalized({NormalizeStrip{}}, " \u3000a b\n"), "a b");
  EXPECT_EQ(normalized({NormalizeStrip{false, true}}, " a "), " a");
  EXPECT_EQ(normalized({NormalizePrepend{"▁"}}, "a"), "▁a");
  EXPECT_EQ(normalized({NormalizePrepend{"▁"}}, ""), "");
  EXPECT_EQ(normalized({NormalizeReplace{" {2,}", true, "_"}}, "a  b c"), "a_b c");
  EXPECT_EQ(normalized({NormalizeReplace{".", false, "!"}}, "a.b"), "a!b");
  EXPECT_EQ(normalized({NormalizeNmt{}}, "a\tb\u200Bc\x01"), "a b c");
  EXPECT_EQ(normalized({NormalizeBert{}}, "Né\tà中\x01x"), "ne a 中 x");
  EXPECT_EQ(
      normalized({NormalizeUnicode{NormalizeUnicode::Form::nfd}, NormalizeStripAccents{}}, "né"),
      "ne");
}

TEST(TextNormalizer, SentencePiecesSpaces) {
  EXPECT_EQ(normalized({NormalizeSpaces{}}, "  a  b "), "▁a▁b");
  EXPECT_EQ(normalized({NormalizeSpaces{true, false, true, false}}, " a "), "▁▁a▁");
  EXPECT_EQ(normalized({NormalizeSpaces{true, true, true, true}}, " a b"), "a▁b▁");
  EXPECT_EQ(normalized({NormalizeSpaces{false, true, false, false}}, " a  b"), "a b");
  EXPECT_EQ(normalized({NormalizeSpaces{}}, "   "), "");
}

// One rule, "a" -> "  x": what rules give is looked at one by one.
TEST(TextNormalizer, SentencePiecesCharacterMap) {
  auto unit = [](std::uint32_t offset, std::uint32_t label, bool leaf) {
    return (offset << 10) | (leaf ? 1U << 8 : 0U) | label;
  };
  std::vector<std::uint32_t> units(256, 0xFFU);
  units[0] = unit(1, 0, false);         // The root: children at 1 ^ byte.
  units[1 ^ 'a'] = unit(1, 'a', true);  // Its value at (1 ^ 'a') ^ 1.
  units['a'] = 0;                       // The replacement's place.
  std::string blob(4, '\0');
  blob[1] = 4;  // 1024 bytes.
  blob.append(reinterpret_cast<const char*>(units.data()), 1024);
  blob.append("  x\0", 4);
  NormalizeCharsmap map{.blob = blob, .matching = {}, .kept = {}};
  EXPECT_EQ(normalized({map}, "bab"), "b  xb");
  EXPECT_EQ(normalized({map, NormalizeSpaces{}}, "bab"), "▁b▁▁xb");
  EXPECT_EQ(normalized({map, NormalizeSpaces{}}, "b ab"), "▁b▁xb");
  map.kept = {"ab"};
  EXPECT_EQ(normalized({map}, "bab"), "bab");
  map.matching = NormalizeCharsmap::Matching::huggingface;
  EXPECT_EQ(normalized({map}, "ba\u0301b"),
            "b  xb");  // The whole cluster becomes what its beginning says.
  for (std::size_t size : {1U, 4U, 5U, 100U}) {
    map.blob = blob.substr(0, size);
    EXPECT_TRUE(normalized({map}, "a").starts_with("error")) << size;
  }
}

}  // namespace
}  // namespace leyden::tokenizer
