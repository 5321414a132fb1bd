#include "leyden/tokenizer/models/unigram_model.h"

#include <functional>
#include <random>

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

using Kind = UnigramSpec::Piece::Kind;

UnigramSpec small() {
  UnigramSpec spec;
  spec.pieces = {{0, "<unk>", 0, Kind::unused}, {1, "a", -2, {}},  {2, "b", -2, {}},
                 {3, "ab", -3.5, {}},           {4, "ba", -3, {}}, {5, "aba", -4, {}}};
  spec.unknown = 0;
  return spec;
}

TokenIds encoded(const UnigramSpec& spec, std::string_view text) {
  TokenIds ids;
  std::vector<std::size_t> ends;
  auto model = UnigramModel::make(spec).value();
  model->encode(text, ids, &ends);
  EXPECT_EQ(ids.size(), ends.size());
  if (!ends.empty()) EXPECT_EQ(ends.back(), text.size());
  return ids;
}

TEST(UnigramModel, TakesTheBestOfAllWays) {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    UnigramSpec spec;
    spec.unknown = 0;
    spec.single_precision = round % 2 == 1;
    spec.pieces = {{0, "<unk>", 0, Kind::unused}};
    for (const char* text : {"a", "b", "c", "ab", "bc", "abc", "ca", "aa", "bbb"}) {
      if (random() % 5 == 0 && text[1] != '\0') continue;
      auto id = static_cast<TokenId>(spec.pieces.size());
      // Sums of these are exact, and no two ways have the same.
      double score = -1.0 - static_cast<double>(random() % 4096) / 1024 - 1.0 / (1 << (10 + id));
      spec.pieces.push_back({id, text, score, {}});
    }
    std::string text;
    for (std::size_t i = 1 + random() % 10; i > 0; --i)
      text += static_cast<char>('a' + random() % 3);
    double best = -1e9;
    TokenIds way;
    TokenIds best_way;
    std::function<void(std::size_t, double)> visit = [&](std::size_t at, double score) {
      if (at == text.size()) {
        if (score > best) {
          best = score;
          best_way = way;
        }
        return;
      }
      for (const auto& piece : spec.pieces) {
        if (piece.kind == Kind::unused || !text.substr(at).starts_with(piece.bytes)) continue;
        way.push_back(piece.id);
        visit(at + piece.bytes.size(), score + piece.score);
        way.pop_back();
      }
    };
    visit(0, 0);
    ASSERT_EQ(encoded(spec, text), best_way) << text;
  }
}

TEST(UnigramModel, UnknownTextIsOneTokenOrItsBytes) {
  UnigramSpec spec = small();
  EXPECT_EQ(encoded(spec, "aéxb"), (TokenIds{1, 0, 2}));
  spec.byte_fallback = true;
  spec.pieces.push_back({6, "<0xC3>", 0, Kind::unused});
  spec.pieces.push_back({7, "<0xA9>", 0, Kind::unused});
  EXPECT_EQ(encoded(spec, "aéb"), (TokenIds{1, 6, 7, 2}));
  EXPECT_EQ(encoded(spec, "aéxb"), (TokenIds{1, 0, 2}));  // Not all of the run's bytes are there.
}

TEST(UnigramModel, AUserDefinedPieceIsAlwaysTakenInSentencePiece) {
  UnigramSpec spec = small();
  spec.single_precision = true;
  EXPECT_EQ(encoded(spec, "aba"), TokenIds{5});
  spec.pieces[3].kind = Kind::user_defined;  // "ab"
  EXPECT_EQ(encoded(spec, "aba"), (TokenIds{3, 1}));
}

TEST(UnigramModel, LongTextsAreLinear) {
  auto model = UnigramModel::make(small()).value();
  std::string text;
  while (text.size() < 1'000'000) text += "abx";
  TokenIds ids;
  model->encode(text, ids);
  EXPECT_EQ(ids.size(), text.size() / 3 * 2);
}

}  // namespace
}  // namespace leyden::tokenizer
