#include "leyden/tokenizer/engine/trie.h"

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace leyden::tokenizer::engine {
namespace {

TEST(Trie, FindsWhatAMapFinds) {
  std::mt19937 random(5);
  // Few different bytes, 0 and 255 among them, so that keys share much.
  const std::string alphabet(
      "\0\x01\xFF\xFE"
      "ab\x80",
      7);
  for (int round = 0; round < 300; ++round) {
    std::map<std::string, TokenId> map;
    const std::size_t count = 1 + random() % 200;
    auto random_bytes = [&](std::size_t length_max) {
      std::string bytes(1 + random() % length_max, '\0');
      for (char& c : bytes) c = alphabet[random() % alphabet.size()];
      return bytes;
    };
    for (std::size_t i = 0; i < count; ++i)
      map.try_emplace(random_bytes(6), static_cast<TokenId>(map.size()));
    std::vector<std::pair<std::string_view, TokenId>> keys(map.begin(), map.end());
    const auto units = build_trie(keys);
    const Trie trie(units);
    for (int i = 0; i < 300; ++i) {
      const std::string text = random_bytes(10);
      Trie::Match expected;
      for (std::size_t length = 1; length <= text.size(); ++length) {
        auto found = map.find(text.substr(0, length));
        if (found != map.end()) expected = {found->second, static_cast<std::uint32_t>(length)};
      }
      const Trie::Match match = trie.longest(text);
      ASSERT_EQ(match.length, expected.length) << testing::PrintToString(text);
      ASSERT_EQ(match.token, expected.token);
    }
  }
}

TEST(Trie, WithoutKeysFindsNothing) {
  std::vector<std::pair<std::string_view, TokenId>> none;
  const auto units = build_trie(none);
  EXPECT_EQ(Trie(units).longest("abc").length, 0U);
  EXPECT_EQ(Trie(units).longest(std::string_view("\0", 1)).length, 0U);
}

}  // namespace
}  // namespace leyden::tokenizer::engine
