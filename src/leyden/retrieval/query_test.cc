#include "leyden/retrieval/query.h"

#include <gtest/gtest.h>

namespace leyden::retrieval {
namespace {

TEST(Query, QuotesWordsAndLeavesStopWordsOut) {
  EXPECT_EQ(full_text_query("What is the unit of caching?"), R"("unit" OR "caching")");
  EXPECT_EQ(full_text_query("what is this"),
            R"("what" OR "is" OR "this")");  // Better than nothing.
  EXPECT_EQ(full_text_query("find_or_encode"), R"("find_or_encode")");
  EXPECT_EQ(full_text_query("TokenCache TokenCache"), R"("TokenCache" OR "Token" OR "Cache")");
}

TEST(Query, NoCharacterIsAnOperator) {
  EXPECT_EQ(full_text_query(R"(a" OR * NEAR(b, c) -d ^e x:y)").find('*'), std::string::npos);
  EXPECT_EQ(full_text_query("?!... \"\" -- ()"), "");
  EXPECT_EQ(full_text_query(""), "");
}

TEST(Query, AMegabyteBecomesFewWords) {
  std::string text;
  for (int i = 0; i < 150'000; ++i) text += "word" + std::to_string(i) + " ";
  EXPECT_LT(full_text_query(text).size(), 5'000U);
  EXPECT_LT(full_text_query(std::string(1'000'000, 'x')).size(), 5'000U);
}

TEST(Query, PartsOfNames) {
  EXPECT_EQ(camel_parts("class TokenCachedRag : kMaxShards plain lower_case"),
            "Token Cached Rag k Max Shards ");
  EXPECT_EQ(camel_parts("HTTPServer"), "HTTP Server ");
}

}  // namespace
}  // namespace leyden::retrieval
