#include "leyden/tokenizer/engine/merger.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "leyden/tokenizer/engine/segmentation.h"

namespace leyden::tokenizer::engine {
namespace {

// The definition: the pair of lowest rank, leftmost of equals, becomes one, until there is none.
TokenIds merge_plainly(const BpeSpec& spec, std::string_view text) {
  std::map<std::string, TokenId> symbols;
  for (const SpecToken& token : spec.tokens) {
    if (token.bytes.size() == 1) symbols[token.bytes] = token.id;
  }
  std::map<std::pair<TokenId, TokenId>, SpecMerge> merges;
  for (const SpecMerge& merge : spec.merges) merges[{merge.left, merge.right}] = merge;
  TokenIds ids;
  for (char c : text) ids.push_back(symbols.at(std::string(1, c)));
  while (true) {
    const SpecMerge* best = nullptr;
    std::size_t where = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      auto found = merges.find({ids[i], ids[i + 1]});
      if (found != merges.end() && (best == nullptr || found->second.rank < best->rank)) {
        best = &found->second;
        where = i;
      }
    }
    if (best == nullptr) return ids;
    ids[where] = best->merged;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(where) + 1);
  }
}

enum class Order {
  trained,   // As training leaves it: a token is made of tokens that were there before.
  shuffled,  // Ranks in any order: merges against the order of ranks.
  bytes,  // tiktoken's: any two tokens whose bytes are a token together merge, with that token's rank.
};

BpeSpec random_vocabulary(std::mt19937& random, Order order) {
  auto pick = [&](std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
  };
  BpeSpec spec;
  std::map<std::string, TokenId> ids;
  auto add = [&](const std::string& bytes) {
    auto [at, added] = ids.try_emplace(bytes, static_cast<TokenId>(ids.size()));
    if (added) spec.tokens.push_back({at->second, bytes});
    return at->second;
  };
  for (char c = 'a'; c < static_cast<char>('a' + 2 + pick(3)); ++c) add(std::string(1, c));
  const std::size_t count = 3 + pick(14);
  for (std::size_t i = 0; i < count; ++i) {
    const SpecToken left = spec.tokens[pick(spec.tokens.size())];
    const SpecToken right = spec.tokens[pick(spec.tokens.size())];
    if (left.bytes.size() + right.bytes.size() > 9) continue;
    TokenId merged = add(left.bytes + right.bytes);
    spec.merges.push_back(
        {left.id, right.id, merged, static_cast<std::uint32_t>(spec.merges.size())});
  }
  if (order == Order::shuffled) {
    std::vector<std::uint32_t> ranks(spec.merges.size());
    std::iota(ranks.begin(), ranks.end(), 0);
    std::ranges::shuffle(ranks, random);
    for (std::size_t i = 0; i < ranks.size(); ++i) spec.merges[i].rank = ranks[i];
  }
  if (order == Order::bytes) {
    spec.merges.clear();
    for (const SpecToken& token : spec.tokens) {
      for (std::size_t cut = 1; cut < token.bytes.size(); ++cut) {
        auto left = ids.find(token.bytes.substr(0, cut));
        auto right = ids.find(token.bytes.substr(cut));
        if (left != ids.end() && right != ids.end())
          spec.merges.push_back({left->second, right->second, token.id, token.id});
      }
    }
  }
  return spec;
}

class RandomVocabularies : public testing::TestWithParam<Order> {};

TEST_P(RandomVocabularies, EncodeAsTheDefinitionSays) {
  std::mt19937 random(20261125);
  std::size_t against_order = 0;
  std::size_t unreachable = 0;
  for (int round = 0; round < 600; ++round) {
    const BpeSpec spec = random_vocabulary(random, GetParam());
    auto analysis = analyze_merges(spec, spec.tokens.size());
    ASSERT_TRUE(analysis);
    against_order += analysis->against_order.size();
    unreachable += analysis->unreachable.size();
    Merger merger(analysis->tables.view());
    const auto letters = static_cast<std::size_t>(std::ranges::count_if(
        spec.tokens, [](const SpecToken& token) { return token.bytes.size() == 1; }));
    for (int i = 0; i < 120; ++i) {
      // Long ones take another path.
      std::string text(1 + random() % (i % 10 == 0 ? 200 : 14), 'a');
      for (char& c : text) c = static_cast<char>('a' + random() % letters);
      if (i % 20 == 10) text.assign(text.size() + 64, text[0]);  // Runs of one letter take another.
      TokenIds ids;
      Merger::Done done = merger.encode(text, ids);
      ASSERT_EQ(done.bytes, text.size());
      ASSERT_EQ(done.count, ids.size());
      ASSERT_EQ(ids, merge_plainly(spec, text)) << "round " << round << ", " << text;
    }
  }
  // The hard cases did occur.
  if (GetParam() == Order::shuffled) {
    EXPECT_GT(against_order, 100U);
    EXPECT_GT(unreachable, 100U);
  }
}

TEST_P(RandomVocabularies, MergesTinyTexts) {
  std::mt19937 random(20261126);
  for (int round = 0; round < 200; ++round) {
    const BpeSpec spec = random_vocabulary(random, GetParam());
    auto analysis = analyze_merges(spec, spec.tokens.size());
    ASSERT_TRUE(analysis);
    Merger merger(analysis->tables.view());
    if (!merger.merges_tiny()) continue;
    const auto letters = static_cast<std::size_t>(std::ranges::count_if(
        spec.tokens, [](const SpecToken& token) { return token.bytes.size() == 1; }));
    for (int i = 0; i < 50; ++i) {
      std::string text(1 + random() % Merger::kTinyMax, ' ');
      for (char& c : text) c = static_cast<char>('a' + random() % letters);
      TokenId tokens[Merger::kTinyMax];
      const std::size_t count = merger.merge_tiny(text, tokens);
      ASSERT_EQ(TokenIds(tokens, tokens + count), merge_plainly(spec, text))
          << "round " << round << ", " << text;
    }
  }
}

// A vocabulary whose merges make parts of characters, characters, and more.
BpeSpec vocabulary_of(const std::vector<std::string>& characters, std::mt19937& random) {
  BpeSpec spec;
  std::map<std::string, TokenId> ids;
  auto add = [&](std::string bytes) {
    auto [at, is_new] = ids.emplace(bytes, static_cast<TokenId>(spec.tokens.size()));
    if (is_new) spec.tokens.push_back({at->second, std::move(bytes)});
    return at->second;
  };
  for (int byte = 0; byte < 256; ++byte) add(std::string(1, static_cast<char>(byte)));
  // Pieces of text, merged from the left or from the right.
  for (int i = 0; i < 40; ++i) {
    std::string text;
    for (std::size_t count = 1 + random() % 3; count > 0; --count)
      text += characters[random() % characters.size()];
    const std::size_t begin = random() % text.size();
    const std::string piece = text.substr(begin, 2 + random() % 6);
    const bool from_left = random() % 2 == 0;
    for (std::size_t size = 2; size <= piece.size(); ++size) {
      const std::string made =
          from_left ? piece.substr(0, size) : piece.substr(piece.size() - size);
      if (ids.contains(made)) continue;
      const TokenId left = ids.at(from_left ? made.substr(0, size - 1) : made.substr(0, 1));
      const TokenId right = ids.at(from_left ? made.substr(size - 1) : made.substr(1));
      const TokenId merged = add(made);
      spec.merges.push_back({left, right, merged, static_cast<std::uint32_t>(spec.merges.size())});
    }
  }
  return spec;
}

TEST(CharacterCuts, PartsAreEncodedAsTheWhole) {
  const std::vector<std::string> characters = {"中", "丮", "乭", "文", "か",         "が", "한",
                                               "ก",  "😀", "😁", "🙀", "\U00020000", "é",  "ж",
                                               "a",  "b",  "(",  ")",  "=",          "1"};
  std::mt19937 random(7);
  std::size_t cuts = 0;
  std::size_t others = 0;
  for (int round = 0; round < 300; ++round) {
    const BpeSpec spec = vocabulary_of(characters, random);
    auto analysis = analyze_merges(spec, spec.tokens.size());
    ASSERT_TRUE(analysis);
    const CharacterCuts known = analysis->tables.cuts.view();
    const Segmentation segmentation{.cut = Cut::cl100k, .pattern = Pattern::cl100k, .cuts = &known};
    for (int i = 0; i < 20; ++i) {
      std::string text;
      for (std::size_t count = 1 + random() % 12; count > 0; --count)
        text += characters[random() % characters.size()];
      TokenIds joined;
      std::size_t parts = 0;
      each_part(segmentation, text, [&](std::string_view part) {
        const TokenIds ids = merge_plainly(spec, std::string(part));
        joined.insert(joined.end(), ids.begin(), ids.end());
        ++parts;
      });
      ASSERT_EQ(joined, merge_plainly(spec, text)) << "round " << round << ", " << text;
      cuts += parts - 1;
      others += parts == 1 ? 1 : 0;
    }
  }
  EXPECT_GT(cuts, 1000U);
  EXPECT_GT(others, 100U);
}

std::string name_of(const testing::TestParamInfo<Order>& order) {
  constexpr const char* kNames[] = {"Trained", "Shuffled", "Bytes"};
  return kNames[static_cast<int>(order.param)];
}

INSTANTIATE_TEST_SUITE_P(Orders, RandomVocabularies,
                         testing::Values(Order::trained, Order::shuffled, Order::bytes), name_of);

TEST(Merger, StopsAtASymbolThatIsNoToken) {
  BpeSpec spec;
  spec.byte_level = false;
  spec.tokens = {{0, "a"}, {1, "é"}, {2, "aé"}};
  spec.merges = {{0, 1, 2, 0}};
  auto analysis = analyze_merges(spec, 3);
  ASSERT_TRUE(analysis);
  Merger merger(analysis->tables.view());
  TokenIds ids;
  Merger::Done done = merger.encode("aéa中a", ids);
  EXPECT_EQ(done.bytes, 4U);
  EXPECT_EQ(ids, (TokenIds{2, 0}));
}

TEST(Merger, AMegabyteOfOneLetterTakesLinearTime) {
  // Tokens a, aa, aaaa ... : each pair of neighbours is another question.
  BpeSpec spec;
  std::string bytes = "a";
  spec.tokens.push_back({0, bytes});
  for (TokenId id = 1; id < 8; ++id) {
    bytes += bytes;
    spec.tokens.push_back({id, bytes});
    spec.merges.push_back({id - 1, id - 1, id, id});
  }
  auto analysis = analyze_merges(spec, 8);
  ASSERT_TRUE(analysis);
  Merger merger(analysis->tables.view());
  TokenIds ids;
  merger.encode(std::string(1'000'001, 'a'), ids);
  EXPECT_EQ(ids.size(), 1'000'000U / 128 + 2);  // 7812 of 128, one of 64, one of 1.
}

}  // namespace
}  // namespace leyden::tokenizer::engine
