#include "leyden/prompt/join.h"

#include <list>
#include <random>

#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::prompt {
namespace {

// Whatever the pieces are, the joined IDs are those of a fresh encoding of the same layout.
TEST(Join, EqualsAFreshEncoding) {
  static constexpr std::string_view kTexts[] = {"",   "a",  " b", "\n", "x\n",    "[a]\ntext\n",
                                                "/x", "12", "3",  "e",  "\u0301", "don",
                                                "'t", "  ", ".",  "한", "\xE2",   "\x82\xAC"};
  std::mt19937 random(9);
  for (const char* file : tokenizer::kTestTokenizers) {
    const tokenizer::Tokenizer& tokenizer = tokenizer::test_tokenizer(file);
    TokenId mark = tokenizer.special_token("<|endoftext|>").value_or(0);
    std::size_t side_by_side = 0;
    for (int round = 0; round < 3'000; ++round) {
      std::list<TokenIds> ids;
      std::vector<Piece> pieces;
      for (std::size_t i = random() % 7; i > 0; --i) {
        if (random() % 5 == 0) {
          pieces.push_back({.text = {}, .ids = ids.emplace_back(TokenIds{mark}), .special = true});
        } else {
          std::string_view text = kTexts[random() % std::size(kTexts)];
          pieces.push_back(Piece::of(text, ids.emplace_back(tokenizer.encode(text))));
        }
      }
      Joined joined = join(tokenizer, pieces);
      ASSERT_EQ(joined.ids, join_plain(tokenizer, pieces)) << file;
      side_by_side += pieces.size() - joined.reencoded_pieces;
    }
    EXPECT_GT(side_by_side, 1'000U);
  }
}

}  // namespace
}  // namespace leyden::prompt
