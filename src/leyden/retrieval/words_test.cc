#include "leyden/retrieval/words.h"

#include <gtest/gtest.h>

namespace leyden::retrieval {
namespace {

using Words = std::vector<std::string>;

Words words(std::string_view text, WordKind kind) {
  WordSplitter splitter;
  Words out;
  splitter.split(text, [&](const Word& word) {
    if (word.kind == kind) out.emplace_back(word.text);
  });
  return out;
}
Words whole(std::string_view text) { return words(text, WordKind::whole); }
Words parts(std::string_view text) { return words(text, WordKind::part); }
Words compounds(std::string_view text) { return words(text, WordKind::compound); }

TEST(Words, AreFoldedAndStemmed) {
  EXPECT_EQ(whole("Caching, CACHES; cached."), (Words{"cach", "cach", "cach"}));
  EXPECT_EQ(words("Caching cach find_its", WordKind::form), Words{"caching"});
  EXPECT_EQ(whole("Größe GRÖSSE"), (Words{"gross", "gross"}));
  EXPECT_EQ(whole("naïve café ΑΘΉΝΑ Ёлка"), (Words{"naiv", "cafe", "αθηνα", "елка"}));
  EXPECT_EQ(whole("ＦＵＬＬ ﬁle"), (Words{"full", "file"}));
  EXPECT_EQ(whole(""), Words{});
  EXPECT_EQ(whole(" -- \t\n!"), Words{});
}

TEST(Words, IdentifiersAreKeptWholeAndSplit) {
  EXPECT_EQ(whole("TokenCachedRag"), Words{"tokencachedrag"});
  EXPECT_EQ(parts("TokenCachedRag"), (Words{"token", "cach", "rag"}));
  EXPECT_EQ(whole("find_or_encode"), Words{"find_or_encode"});
  EXPECT_EQ(parts("find_or_encode"), (Words{"find", "or", "encod"}));
  EXPECT_EQ(parts("HTTPServer kMaxShards"), (Words{"http", "server", "k", "max", "shard"}));
  EXPECT_EQ(parts("sha256 utf8_to16"), (Words{"sha", "256", "utf", "8", "to", "16"}));
  EXPECT_EQ(whole("__init__ _x size_"), (Words{"init", "x", "size"}));
  EXPECT_EQ(parts("__init__ plain ___ 42"), Words{});
  EXPECT_EQ(parts("ÜberGröße"), (Words{"uber", "gross"}));
}

TEST(Words, DotsAndColonsJoin) {
  EXPECT_EQ(compounds("std::vector<int> a.b.c"), (Words{"std::vector", "a.b.c"}));
  EXPECT_EQ(whole("std::vector a.b"), (Words{"std", "vector", "a", "b"}));
  EXPECT_EQ(compounds("index.md 3.11.2"), (Words{"index.md", "3.11.2"}));
  EXPECT_EQ(compounds("The end. Next x: y a..b c:d e."), Words{});
}

TEST(Words, ScriptsWithoutSpacesGivePairs) {
  EXPECT_EQ(whole("中文分词"), (Words{"中文", "文分", "分词"}));
  EXPECT_EQ(words("中文分词", WordKind::character), (Words{"中", "文", "分", "词"}));
  EXPECT_EQ(whole("词"), Words{"词"});
  EXPECT_EQ(whole("用Python写"), (Words{"用", "python", "写"}));
  EXPECT_EQ(whole("ｶﾞﾗｽ한국"), (Words{"ガラ", "ラス", "ス한", "한국"}));
}

TEST(Words, AnyBytesAreText) {
  EXPECT_EQ(whole("a\xFF\xFE\x80glass\xC3"), (Words{"a", "glass"}));
  EXPECT_EQ(whole(std::string("a\0b", 3)), (Words{"a", "b"}));
  std::string bytes;
  for (int i = 0; i < 65'536; ++i) bytes += static_cast<char>(i * 7919 >> 3);
  (void)whole(bytes);
}

TEST(Words, NoWordIsEndless) {
  for (const char* piece : {"x", "aB", "中", "a.", "_", "\xCC\x81", "ß", "a::"}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    WordSplitter splitter;
    std::size_t words = 0;
    splitter.split(text, [&](const Word& word) {
      ++words;
      EXPECT_LT(word.text.size(), 200U);
    });
    EXPECT_LE(words, 2'000'000U) << piece;
  }
}

}  // namespace
}  // namespace leyden::retrieval
