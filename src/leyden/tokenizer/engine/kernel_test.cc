#include "leyden/tokenizer/engine/kernel.h"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer::engine {
namespace {

const std::vector<std::string> kEdges = {
    " ",          "  ",     "   ",    "\n",    "\r\n", "\t",     "\u00A0", "\u2028",
    "\u0085",     "\u3000", "\uFEFF", "a",     "B",    "the",    "Zed",    "é",
    "É",          "ß",      "ʰ",      "ǅ",     "中",   "文字",   "한",     "か",
    "1",          "23",     "456",    "٣",     "Ⅷ",    "½",      ".",      ",",
    "--",         "'",      "''",     "’",     "'s",   "'S",     "'ll",    "'Ve",
    "'\u017F",    "don't",  "/",      "//",    "_",    "\u0301", "\u0323", "\u200D",
    "😀",         ">",      "▁",      "<|x|>", "ABC",  "xY",     "的API",  "\U00010400",
    "\U0001E900", "\u0E33", "क्षि",    "\x01",  "\x7F", "&nbsp;"};

constexpr Segmentation kSegmentations[] = {{Cut::gpt2, Pattern::gpt2},
                                           {Cut::digits_gpt2, Pattern::digits_gpt2},
                                           {Cut::cl100k, Pattern::cl100k},
                                           {Cut::qwen2, Pattern::qwen2},
                                           {Cut::o200k, Pattern::o200k},
                                           {Cut::pattern, Pattern::cl100k},
                                           {Cut::words, {}},
                                           {Cut::plain_words, {}},
                                           {Cut::plain_lines, {}}};

std::vector<Isa> isas() {
  std::vector<Isa> all = {Isa::plain};
  if (best_isa() != Isa::plain) all.push_back(Isa::avx2);
  if (best_isa() == Isa::avx512) all.push_back(Isa::avx512);
  return all;
}

std::vector<std::size_t> ends_of(Isa isa, const Segmentation& how, std::string_view text) {
  std::vector<std::size_t> ends;
  std::array<std::size_t, 192> some{};
  for (std::size_t at = 0; at < text.size(); at = ends.back()) {
    std::size_t found =
        kernel_of(isa).scan(how, text.data(), text.size(), at, some.data(), some.size());
    if (found == 0) break;
    ends.insert(ends.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(found));
  }
  return ends;
}

std::vector<std::size_t> plain_ends(const Segmentation& how, std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at < text.size(); at = ends.back())
    ends.push_back(segment_end(how, text, at));
  return ends;
}

class AllIsas : public testing::TestWithParam<Isa> {};

TEST_P(AllIsas, CutsAsThePlainTwin) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    // Some edges often in one text, so that runs come about.
    std::vector<std::size_t> favourites(1 + random() % 6);
    for (std::size_t& favourite : favourites) favourite = random() % kEdges.size();
    std::string text;
    const std::size_t pieces = 1 + random() % 60;
    for (std::size_t i = 0; i < pieces; ++i) {
      text += kEdges[random() % 4 == 0 ? random() % kEdges.size()
                                       : favourites[random() % favourites.size()]];
    }
    for (const Segmentation& how : kSegmentations) {
      ASSERT_EQ(ends_of(GetParam(), how, text), plain_ends(how, text))
          << "cut " << static_cast<int>(how.cut) << ", round " << round << ": "
          << testing::PrintToString(text);
    }
  }
}

TEST_P(AllIsas, StreamsOfAscii) {
  const std::vector<std::string> pieces = {
      " ",   "  ",  "        ", "\n",  "\r\n", "\n\n",  "\t",  "\x0B",    "\x1C", "a", "B",
      "the", "Zed", "aB",       "ABc", "1",    "23",    "456", "7890123", ".",    ",", "--",
      "'",   "'s",  "'S",       "'ll", "'re",  "don't", "/",   "//",      "_",    "(", ");"};
  std::mt19937 random(11);
  for (int round = 0; round < 10'000; ++round) {
    std::vector<std::size_t> favourites(1 + random() % 8);
    for (std::size_t& favourite : favourites) favourite = random() % pieces.size();
    std::string text;
    const std::size_t count = 1 + random() % 400;
    for (std::size_t i = 0; i < count; ++i)
      text += pieces[random() % 5 == 0 ? random() % pieces.size()
                                       : favourites[random() % favourites.size()]];
    // What follows the ASCII is seen from the last block before it.
    if (round % 3 == 0) text += round % 2 == 0 ? "\u3000é" : "\u017F x";
    for (const Segmentation& how : kSegmentations) {
      ASSERT_EQ(ends_of(GetParam(), how, text), plain_ends(how, text))
          << "cut " << static_cast<int>(how.cut) << ", round " << round << ": "
          << testing::PrintToString(text);
    }
  }
}

TEST_P(AllIsas, RunsOfEveryLengthAroundABlock) {
  for (const std::string& edge : kEdges) {
    for (std::size_t length = 1; length < 140; ++length) {
      std::string text = "x";
      for (std::size_t i = 0; i < length; ++i) text += edge;
      text += "y 12";
      for (const Segmentation& how : kSegmentations) {
        ASSERT_EQ(ends_of(GetParam(), how, text), plain_ends(how, text))
            << "cut " << static_cast<int>(how.cut) << ": " << length << " of "
            << testing::PrintToString(edge);
      }
    }
  }
}

TEST_P(AllIsas, EveryCodePointBetweenOthers) {
  for (const char* around : {" ", "a", "A", "1", ".", "\n", "中"}) {
    std::string text;
    for (char32_t point = 0; point < 0x30000; ++point) {
      if (point >= 0xD800 && point < 0xE000) continue;
      text += around;
      utf8::append(text, point);
    }
    for (const Segmentation& how : kSegmentations) {
      ASSERT_EQ(ends_of(GetParam(), how, text), plain_ends(how, text))
          << "cut " << static_cast<int>(how.cut) << " between " << around;
    }
  }
}

// The segments that encode() comes to, none of which is in its table.
std::vector<std::string> segments_of(Isa isa, const Segmentation& how, std::string_view text) {
  struct Asked {
    std::vector<std::string> segments;
  } asked;
  // Full of others, so that nothing is found by accident.
  std::array<SegmentBucket, 2> buckets;
  for (SegmentBucket& bucket : buckets) bucket.entries[0].high = bucket.entries[1].high = 1;
  std::array<LongEntry, 2> long_entries{};
  KernelContext context;
  context.buckets = buckets.data();
  context.shift = 63;
  context.long_entries = long_entries.data();
  context.long_shift = 63;
  context.owner = &asked;
  context.miss = [](KernelContext& of, const char* segment, std::size_t length, TokenId*) {
    static_cast<Asked*>(of.owner)->segments.emplace_back(segment, length);
    return std::size_t{0};
  };
  std::vector<TokenId> out(kKernelRoom);
  for (std::size_t at = 0; at < text.size();) {
    const KernelResult done =
        kernel_of(isa).encode(how, context, text.data(), text.size(), at, out.data());
    at = done.position;
    if (done.long_end == 0) continue;
    asked.segments.emplace_back(text.substr(at, done.long_end - at));
    at = done.long_end;
  }
  return std::move(asked.segments);
}

TEST_P(AllIsas, PartsAreWhereTheyMayBe) {
  std::mt19937 random(13);
  std::size_t parts = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::vector<std::size_t> favourites(1 + random() % 8);
    for (std::size_t& favourite : favourites) favourite = random() % kEdges.size();
    auto some = [&](std::size_t count) {
      std::string text;
      for (std::size_t i = 0; i < count; ++i)
        text += kEdges[random() % 6 == 0 ? random() % kEdges.size()
                                         : favourites[random() % favourites.size()]];
      return text;
    };
    std::vector<std::string> tokens(random() % 20);
    for (std::string& token : tokens) token = some(1 + random() % 3);
    const std::vector<std::string_view> views(tokens.begin(), tokens.end());
    const CharacterCuts::Owner words_cuts = learn_character_cuts(views);
    const CharacterCuts::Owner byte_cuts = learn_byte_level_cuts(views, {});
    const std::string text = some(1 + random() % 600);
    for (Segmentation how : kSegmentations) {
      if (is_plain_words(how.cut)) continue;
      const CharacterCuts cuts = (how.cut == Cut::words ? words_cuts : byte_cuts).view();
      how.cuts = &cuts;
      std::size_t at = 0;
      std::size_t border = 0;  // The segment's end that `at` is in.
      for (const std::string& segment : segments_of(GetParam(), how, text)) {
        ASSERT_FALSE(segment.empty()) << "round " << round;
        if (at == border) {
          border = segment_end(how, text, at);
        } else {
          ASSERT_TRUE(is_part_begin(how, std::string_view(text).substr(0, border), at))
              << "round " << round << ", cut " << static_cast<int>(how.cut) << " at " << at << ": "
              << testing::PrintToString(text);
          ++parts;
        }
        ASSERT_EQ(text.substr(at, segment.size()), segment);
        at += segment.size();
        ASSERT_LE(at, border);
      }
      ASSERT_EQ(at, text.size());
    }
  }
  EXPECT_GT(parts, 10'000U);
}

std::string name_of(const testing::TestParamInfo<Isa>& isa) {
  constexpr const char* kNames[] = {"Plain", "Avx2", "Avx512"};
  return kNames[static_cast<int>(isa.param)];
}

INSTANTIATE_TEST_SUITE_P(Isas, AllIsas, testing::ValuesIn(isas()), name_of);

}  // namespace
}  // namespace leyden::tokenizer::engine
