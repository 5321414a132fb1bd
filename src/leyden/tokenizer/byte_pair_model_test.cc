#include "leyden/tokenizer/byte_pair_model.h"

#include <optional>
#include <random>

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

// Byte-pair encoding as it is told: look at all neighbours, merge the first of lowest rank, begin again.
TokenIds plain(const Vocabulary& vocabulary, const std::vector<Merge>& merges,
               std::string_view text) {
  TokenIds tokens;
  for (char c : text) tokens.push_back(*vocabulary.find(std::string_view(&c, 1)));
  while (true) {
    const Merge* best = nullptr;
    std::size_t where = 0;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      for (const Merge& merge : merges) {
        if (merge.left == tokens[i] && merge.right == tokens[i + 1] &&
            (best == nullptr || merge.rank < best->rank)) {
          best = &merge;
          where = i;
        }
      }
    }
    if (best == nullptr) return tokens;
    tokens[where] = best->merged;
    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(where) + 1);
  }
}

struct Made {
  Vocabulary vocabulary{64};
  std::vector<Merge> merges;
};

// Four letters and up to 40 merges of tokens that are there already, in shuffled order of rank.
Made random_model(std::mt19937& random) {
  Made made;
  TokenId next = 0;
  for (const char* letter : {"a", "b", "c", "d"})
    EXPECT_TRUE(made.vocabulary.add(next++, letter, TokenKind::ordinary));
  for (std::uint32_t rank = 0; rank < 40; ++rank) {
    auto left = static_cast<TokenId>(random() % next);
    auto right = static_cast<TokenId>(random() % next);
    std::string both =
        std::string(made.vocabulary.bytes(left)) + std::string(made.vocabulary.bytes(right));
    if (made.vocabulary.find(both)) continue;
    EXPECT_TRUE(made.vocabulary.add(next, both, TokenKind::ordinary));
    made.merges.push_back({left, right, next, rank});
    ++next;
  }
  for (std::size_t i = made.merges.size(); i > 1; --i)
    std::swap(made.merges[i - 1].rank, made.merges[random() % i].rank);
  return made;
}

TEST(BytePairModel, MergesAsThePlainAlgorithmDoes) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    Made made = random_model(random);
    BytePairModel model(made.vocabulary, made.merges, false);
    for (std::size_t length : std::vector<std::size_t>{0, 1, 2, 7, 20, 63, 64, 65, 200}) {
      std::string text;
      while (text.size() < length) text += static_cast<char>('a' + random() % (round % 4 + 1));
      TokenIds ids;
      model.encode(text, ids);
      ASSERT_EQ(ids, plain(made.vocabulary, made.merges, text)) << text;
      ids.clear();
      model.encode(text, ids);  // Again, now that it knows which tokens encode to themselves.
      ASSERT_EQ(ids, plain(made.vocabulary, made.merges, text)) << text;
    }
  }
}

TEST(BytePairModel, WholeFirstTakesATokenThatNoMergeReaches) {
  Vocabulary vocabulary(4);
  ASSERT_TRUE(vocabulary.add(0, "a", TokenKind::ordinary));
  ASSERT_TRUE(vocabulary.add(1, "b", TokenKind::ordinary));
  ASSERT_TRUE(vocabulary.add(2, "ab", TokenKind::ordinary));
  TokenIds ids;
  BytePairModel(vocabulary, {}, true).encode("ab", ids);
  EXPECT_EQ(ids, TokenIds{2});
  ids.clear();
  BytePairModel(vocabulary, {}, false).encode("ab", ids);
  EXPECT_EQ(ids, (TokenIds{0, 1}));
}

TEST(BytePairModel, AByteThatIsNoTokenIsLeftOut) {
  Vocabulary vocabulary(1);
  ASSERT_TRUE(vocabulary.add(0, "a", TokenKind::ordinary));
  TokenIds ids;
  BytePairModel model(vocabulary, {}, false);
  model.encode("axa", ids);
  EXPECT_EQ(ids, (TokenIds{0, 0}));
  ids.clear();
  model.encode(std::string(100, 'x'), ids);
  EXPECT_TRUE(ids.empty());
}

TEST(Vocabulary, RefusesWhatIsTaken) {
  Vocabulary vocabulary(2);
  EXPECT_TRUE(vocabulary.add(0, "a", TokenKind::ordinary));
  EXPECT_FALSE(vocabulary.add(0, "b", TokenKind::ordinary));
  EXPECT_FALSE(vocabulary.add(1, "a", TokenKind::ordinary));
  EXPECT_FALSE(vocabulary.add(2, "c", TokenKind::ordinary));
  EXPECT_TRUE(vocabulary.add(1, "a", TokenKind::special));
  EXPECT_EQ(vocabulary.find("a"), 0U);
  EXPECT_EQ(vocabulary.kind(7), TokenKind::absent);
}

}  // namespace
}  // namespace leyden::tokenizer
