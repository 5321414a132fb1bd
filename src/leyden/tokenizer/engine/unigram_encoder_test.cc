#include "leyden/tokenizer/engine/unigram_encoder.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/tokenizer/engine/uncertain_words.h"
#include "leyden/tokenizer/pipeline_encoder.h"

namespace leyden::tokenizer::engine {
namespace {

// Pieces of a few letters whose scores often tie, or nearly.
TokenizerSpec spec_with(std::mt19937& random, const NormalizeSpaces& spaces) {
  UnigramSpec unigram;
  unigram.single_precision = true;
  unigram.unknown = 0;
  auto add = [&](std::string text, float score) {
    const auto id = static_cast<TokenId>(unigram.pieces.size());
    unigram.pieces.push_back({id, std::move(text), score, {}});
  };
  unigram.pieces.push_back({0, "<unk>", 0, UnigramSpec::Piece::Kind::unused});
  const std::vector<std::string> letters = {"a", "b", "c", "é", "я", "\xE2\x96\x81"};
  auto score = [&] {
    const float near = static_cast<float>(random() % 8) / 2048;
    return -1 - static_cast<float>(random() % 24) / 4 - (random() % 2 == 0 ? near : 0);
  };
  for (const std::string& letter : letters) add(letter, score());
  for (int i = 0; i < 60; ++i) {
    std::string text;
    if (random() % 3 == 0) text += "\xE2\x96\x81";
    for (std::size_t length = 2 + random() % 4; length > 0; --length)
      text += letters[random() % (letters.size() - 1)];
    add(std::move(text), score());
  }
  TokenizerSpec spec;
  spec.vocabulary_size = unigram.pieces.size();
  spec.normalizers.emplace_back(spaces);
  spec.model = std::move(unigram);
  return spec;
}

TEST(UnigramEncoder, GivesWhatOneSearchOverTheWholeTextGives) {
  std::mt19937 random(20261125);
  for (int round = 0; round < 24; ++round) {
    const NormalizeSpaces spaces{.add_dummy_prefix = round % 2 == 0,
                                 .remove_extra_whitespaces = round % 3 != 0};
    const TokenizerSpec spec = spec_with(random, spaces);
    const auto encoder = make_unigram_encoder(spec, round % 5 == 0 ? Isa::plain : best_isa());
    ASSERT_NE(encoder, nullptr);
    const auto whole = PipelineEncoder::make(spec).value();
    const std::vector<std::string> some = {"a", "b", "ab", "abc", "é",  "яc", " ", " ",
                                           " ", " ", "  ", "x",   "中", ".",  "c", "bca"};
    // Long ones come to where the sums are restarted, several times.
    for (std::size_t words : {1, 3, 10, 100, 1'000, 150'000}) {
      std::string text;
      for (std::size_t i = 0; i < words; ++i) text += some[random() % some.size()];
      if (random() % 4 == 0) text += std::string(300, 'a');
      TokenIds expected;
      TokenIds got = {7};
      whole->encode(text, true, expected);
      encoder->encode(text, true, got);
      ASSERT_EQ(got.front(), 7U);
      got.erase(got.begin());
      ASSERT_TRUE(got == expected) << "round " << round << ", " << words << " words";
    }
  }
}

// A word may cost more than what is left to the restart: such words were tried again and again.
TEST(UnigramEncoder, EndsWhereOneWordComesToTheRestart) {
  UnigramSpec unigram;
  unigram.single_precision = true;
  unigram.unknown = 0;
  unigram.pieces = {{0, "<unk>", 0, UnigramSpec::Piece::Kind::unused},
                    {1, "a", -150, {}},
                    {2, "\xE2\x96\x81", -3, {}}};
  TokenizerSpec spec;
  spec.vocabulary_size = 3;
  spec.normalizers.emplace_back(NormalizeSpaces{});
  spec.model = std::move(unigram);
  const auto encoder = make_unigram_encoder(spec, best_isa());
  ASSERT_NE(encoder, nullptr);
  const auto whole = PipelineEncoder::make(spec).value();
  std::string text;
  for (std::size_t i = 0; i < 2'000; ++i) text += " " + std::string(40 + i % 21, 'a');
  TokenIds expected;
  TokenIds got;
  whole->encode(text, true, expected);
  encoder->encode(text, true, got);
  EXPECT_TRUE(got == expected);
}

TEST(UnigramEncoder, IsNotMadeWherePiecesReachAcrossWords) {
  std::mt19937 random(1);
  TokenizerSpec spec = spec_with(random, {});
  ASSERT_NE(make_unigram_encoder(spec, Isa::plain), nullptr);
  auto& unigram = std::get<UnigramSpec>(spec.model);
  unigram.pieces.back().bytes = "a\xE2\x96\x81";
  EXPECT_EQ(make_unigram_encoder(spec, Isa::plain), nullptr);
  unigram.pieces.back().bytes = "\xE2\x96\x81\xE2\x96\x81";
  EXPECT_NE(make_unigram_encoder(spec, Isa::plain), nullptr);
  EXPECT_EQ(
      make_unigram_encoder(spec_with(random, {.treat_whitespace_as_suffix = true}), Isa::plain),
      nullptr);
}

TEST(UncertainWords, AreNumberedUntilAllNumbersAreTaken) {
  UncertainWords words;
  for (std::size_t i = 0; i < UncertainWords::kWordsMax; ++i)
    ASSERT_EQ(words.number("word" + std::to_string(i)), i);
  EXPECT_EQ(words.number("word77"), 77U);
  EXPECT_EQ(words.word(77), "word77");
  EXPECT_EQ(words.number("another"), std::nullopt);
}

}  // namespace
}  // namespace leyden::tokenizer::engine
