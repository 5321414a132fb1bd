#include "leyden/tokenizer/models/bpe_model.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

// Byte-pair encoding as it is told: look at all neighbours, merge the first of lowest rank, begin again.
TokenIds plain(const BpeSpec& spec, std::string_view text) {
  TokenIds tokens;
  for (char c : text) {
    for (const SpecToken& token : spec.tokens) {
      if (token.bytes == std::string_view(&c, 1)) tokens.push_back(token.id);
    }
  }
  while (true) {
    const SpecMerge* best = nullptr;
    std::size_t where = 0;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      for (const SpecMerge& merge : spec.merges) {
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

// Four letters and up to 40 merges of tokens that are there already, in shuffled order of rank.
BpeSpec random_spec(std::mt19937& random) {
  BpeSpec made;
  for (const char* letter : {"a", "b", "c", "d"}) {
    made.tokens.push_back({static_cast<TokenId>(made.tokens.size()), letter});
  }
  for (std::uint32_t rank = 0; rank < 40; ++rank) {
    auto next = static_cast<TokenId>(made.tokens.size());
    auto left = static_cast<TokenId>(random() % next);
    auto right = static_cast<TokenId>(random() % next);
    std::string both = made.tokens[left].bytes + made.tokens[right].bytes;
    if (std::ranges::count(made.tokens, both, &SpecToken::bytes) != 0) continue;
    made.tokens.push_back({next, both});
    made.merges.push_back({left, right, next, rank});
  }
  for (std::size_t i = made.merges.size(); i > 1; --i)
    std::swap(made.merges[i - 1].rank, made.merges[random() % i].rank);
  return made;
}

TokenIds encoded(const SegmentModel& model, std::string_view text) {
  TokenIds ids;
  std::vector<std::size_t> ends;
  model.encode(text, ids, &ends);
  EXPECT_EQ(ids.size(), ends.size());
  if (!ends.empty()) {
    EXPECT_EQ(ends.back(), text.size());
  }
  return ids;
}

TEST(BpeModel, MergesAsThePlainAlgorithmDoes) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    BpeSpec made = random_spec(random);
    for (bool byte_level : {true, false}) {
      made.byte_level = byte_level;
      auto model = BpeModel::make(made).value();
      for (std::size_t length : std::vector<std::size_t>{1, 2, 7, 20, 63, 64, 65, 200}) {
        std::string text;
        while (text.size() < length) text += static_cast<char>('a' + random() % (round % 4 + 1));
        TokenIds expected = plain(made, text);
        ASSERT_EQ(encoded(*model, text), expected) << text;
        // Again, now that it knows which tokens encode to themselves.
        ASSERT_EQ(encoded(*model, text), expected) << text;
      }
    }
  }
}

BpeSpec three_tokens() {
  BpeSpec spec;
  spec.tokens = {{0, "a"}, {1, "b"}, {2, "ab"}};
  return spec;
}

TEST(BpeModel, WholeFirstTakesATokenThatNoMergeReaches) {
  BpeSpec spec = three_tokens();
  EXPECT_EQ(encoded(*BpeModel::make(spec).value(), "ab"), (TokenIds{0, 1}));
  spec.whole_first = true;
  EXPECT_EQ(encoded(*BpeModel::make(spec).value(), "ab"), TokenIds{2});
}

TEST(BpeModel, AByteThatIsNoTokenIsLeftOut) {
  auto model = BpeModel::make(three_tokens()).value();
  TokenIds ids;
  model->encode("axa", ids);
  EXPECT_EQ(ids, (TokenIds{0, 0}));
  ids.clear();
  model->encode(std::string(100, 'x'), ids);
  EXPECT_TRUE(ids.empty());
}

// Falcon's vocabulary lacks some bytes: what stands around them in one piece merges, in Hugging Face's BPE.
TEST(BpeModel, WhatStandsAroundAByteThatIsNoTokenMerges) {
  std::mt19937 random(4);
  for (int round = 0; round < 200; ++round) {
    BpeSpec made = random_spec(random);
    made.byte_level = round % 2 == 0;
    auto model = BpeModel::make(made).value();
    std::string text;
    while (text.size() < 50) text += static_cast<char>('a' + random() % 6);
    TokenIds ids;
    model->encode(text, ids);
    ASSERT_EQ(ids, plain(made, text)) << text;
  }
}

TEST(BpeModel, UnknownCharactersAreFusedOrFallBackToBytes) {
  BpeSpec spec = three_tokens();
  spec.byte_level = false;
  spec.unknown = 9;
  EXPECT_EQ(encoded(*BpeModel::make(spec).value(), "aéxb"), (TokenIds{0, 9, 9, 1}));
  spec.fuse_unknown = true;
  EXPECT_EQ(encoded(*BpeModel::make(spec).value(), "aéxb"), (TokenIds{0, 9, 1}));
  spec.byte_fallback = true;
  spec.tokens.push_back({3, "<0xC3>"});
  spec.tokens.push_back({4, "<0xA9>"});
  // As Hugging Face does it: bytes are put down before the unknown characters in front of them.
  EXPECT_EQ(encoded(*BpeModel::make(spec).value(), "axéb"), (TokenIds{0, 3, 4, 9, 1}));
}

TEST(BpeModel, AUserDefinedSymbolNeverMerges) {
  BpeSpec spec = three_tokens();
  spec.byte_level = false;
  spec.merges = {{0, 1, 2, 0}};
  spec.tokens.push_back({3, "ba"});
  spec.user_defined = {{3, "ba"}};
  EXPECT_EQ(encoded(*BpeModel::make(spec).value(), "ab"), (TokenIds{2}));
  EXPECT_EQ(encoded(*BpeModel::make(spec).value(), "abab"), (TokenIds{0, 3, 1}));
}

TEST(BpeModel, PrefixAndSuffixBelongToTheSymbols) {
  BpeSpec spec;
  spec.byte_level = false;
  spec.tokens = {{0, "a"}, {1, "#b"}, {2, "#b$"}, {3, "ab$"}, {4, "a$"}};
  spec.merges = {{0, 2, 3, 0}};
  spec.continuing_subword_prefix = "#";
  spec.end_of_word_suffix = "$";
  EXPECT_EQ(encoded(*BpeModel::make(spec).value(), "ab"), TokenIds{3});
  EXPECT_EQ(encoded(*BpeModel::make(spec).value(), "abb"), (TokenIds{0, 1, 2}));
  EXPECT_EQ(encoded(*BpeModel::make(spec).value(), "a"), TokenIds{4});
}

TEST(BpeModel, TokensThatShareATextAreRefused) {
  BpeSpec spec = three_tokens();
  spec.tokens.push_back({3, "ab"});
  EXPECT_FALSE(BpeModel::make(spec));
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
