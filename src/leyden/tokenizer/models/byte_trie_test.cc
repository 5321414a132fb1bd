#include "leyden/tokenizer/models/byte_trie.h"

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

TEST(ByteTrie, FindsTheLongestKeyAsAMapDoes) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::map<std::string, std::uint32_t> keys;
    for (int i = 0; i < 500; ++i) {
      std::string key;
      for (std::size_t n = 1 + random() % 6; n > 0; --n)
        key += static_cast<char>(random() % 5 * 60);
      keys[key] = static_cast<std::uint32_t>(i);
    }
    ByteTrie trie(
        std::vector<std::pair<std::string_view, std::uint32_t>>(keys.begin(), keys.end()));
    for (int i = 0; i < 2000; ++i) {
      std::string text;
      for (std::size_t n = random() % 8; n > 0; --n) text += static_cast<char>(random() % 5 * 60);
      std::optional<ByteTrie::Match> expected;
      for (std::size_t n = 1; n <= text.size(); ++n) {
        if (auto found = keys.find(text.substr(0, n)); found != keys.end()) {
          expected = ByteTrie::Match{n, found->second};
        }
      }
      auto match = trie.longest_prefix(text);
      ASSERT_EQ(match.has_value(), expected.has_value());
      if (!match) continue;
      EXPECT_EQ(match->length, expected->length);
      EXPECT_EQ(match->value, expected->value);
    }
  }
}

TEST(ByteTrie, OfEqualKeysTheLastCountsAndEmptyOnesNever) {
  ByteTrie trie({{"a", 1U}, {"", 2U}, {"a", 3U}});
  EXPECT_EQ(trie.longest_prefix("ab")->value, 3U);
  EXPECT_FALSE(trie.longest_prefix("b"));
  EXPECT_FALSE(ByteTrie().longest_prefix("a"));
  EXPECT_TRUE(ByteTrie({{"", 1U}}).empty());
}

}  // namespace
}  // namespace leyden::tokenizer
