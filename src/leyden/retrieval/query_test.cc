#include "leyden/retrieval/query.h"

#include <gtest/gtest.h>

namespace leyden::retrieval {
namespace {

std::vector<std::string> words(std::string_view text) {
  WordSplitter splitter;
  std::vector<std::string> out;
  for (const QueryWord& word : query_words(splitter, text)) out.push_back(word.text);
  return out;
}
using Words = std::vector<std::string>;

TEST(Query, TakesEachWordOnce) {
  EXPECT_EQ(words("the unit of caching, the unit"),
            (Words{"the", "unit", "of", "cach", "caching"}));
  EXPECT_EQ(words("TokenCache TokenCache"), (Words{"tokencach", "tokencache", "token", "cach"}));
  EXPECT_EQ(words("?!... \"\" -- ()"), Words{});
  EXPECT_EQ(words(""), Words{});
}

TEST(Query, PartsOfIdentifiersWeighHalf) {
  WordSplitter splitter;
  EXPECT_EQ(query_words(splitter, "find_it it_all all"),
            (std::vector<QueryWord>{{"find_it", 1, true},
                                    {"find", 0.5, true},
                                    {"it", 0.5, false},
                                    {"it_all", 1, true},
                                    {"all", 1, false}}));
}

TEST(Query, StopWordsAloneAreBetterThanNothing) {
  WordSplitter splitter;
  for (const QueryWord& word : query_words(splitter, "what does this do, and why any of these?"))
    EXPECT_TRUE(word.telling) << word.text;
  for (const QueryWord& word : query_words(splitter, "Why does any of these glass?"))
    EXPECT_EQ(word.telling, word.text == "glass") << word.text;
}

TEST(Query, PairsOfCharactersAreLookedForNotTheCharacters) {
  EXPECT_EQ(words("中文词"), (Words{"中文", "文词"}));
  EXPECT_EQ(words("词"), Words{"词"});
}

TEST(Query, AMegabyteBecomesFewWords) {
  std::string text;
  for (int i = 0; i < 150'000; ++i) text += "word" + std::to_string(i) + " ";
  EXPECT_EQ(words(text).size(), 64U);
  EXPECT_EQ(words(std::string(1'000'000, 'x')), Words{std::string(64, 'x')});
}

}  // namespace
}  // namespace leyden::retrieval
