#include "leyden/retrieval/stores/sqlite/word_search.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/retrieval/bm25.h"
#include "leyden/retrieval/stores/sqlite/posting_writer.h"
#include "leyden/retrieval/stores/sqlite/schema.h"

namespace leyden::retrieval {
namespace {

TEST(PostingBlock, KeepsPostingsAndRefusesDamage) {
  std::vector<Posting> postings;
  for (std::int64_t i = 0; i < 128; ++i) {
    postings.push_back({.passage = 1 + i * i * i * 1'000'003,
                        .frequency = static_cast<std::uint32_t>(i % 5 + 1),
                        .length_code = static_cast<std::uint8_t>(255 - i)});
  }
  postings.back().passage = INT64_MAX / 4;
  const Bytes block = encode_postings(postings);
  std::vector<Posting> decoded;
  ASSERT_TRUE(decode_postings(block, decoded));
  EXPECT_EQ(decoded, postings);
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    Bytes damaged = block;
    damaged.resize(random() % block.size());
    for (int n = 0; n < 3 && !damaged.empty(); ++n)
      damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    if (!decode_postings(damaged, decoded)) continue;
    EXPECT_LE(decoded.size(), kBlockPostings);
    EXPECT_TRUE(std::ranges::is_sorted(decoded, {}, &Posting::passage));
  }
}

// All that a search knows, in plain maps: every passage is scored in full.
class PlainBm25 {
 public:
  void add(std::int64_t id, const PostingWriter::PassageText& text) {
    Counted& counted = passages_[id];
    auto count = [&](bm25::Field field, std::string_view value) {
      splitter_.split(value, [&](const Word& word) {
        counted.frequencies[std::string(word.text)] += bm25::weight(field, word.kind);
        counted.length += bm25::length(field, word.kind);
      });
    };
    count(bm25::Field::name, text.name);
    count(bm25::Field::context, text.context);
    count(bm25::Field::text, text.text);
  }
  void remove(std::int64_t id) { passages_.erase(id); }
  std::int64_t length() const {
    std::int64_t sum = 0;
    for (const auto& [id, passage] : passages_) sum += passage.length;
    return sum;
  }
  std::size_t size() const { return passages_.size(); }

  // All passages with a word of the query, best first.
  std::vector<Hit> search(const std::vector<QueryWord>& words) const {
    const bm25::Norms norms(static_cast<double>(length()) / static_cast<double>(size()));
    std::vector<double> idfs;
    for (const QueryWord& word : words) {
      std::uint64_t with = 0;
      for (const auto& [id, passage] : passages_) with += passage.frequencies.count(word.text);
      idfs.push_back(word.weight * bm25::idf(size(), with));
    }
    std::vector<Hit> hits;
    for (const auto& [id, passage] : passages_) {
      Hit hit{.passage = id};
      bool any = false;
      for (std::size_t i = 0; i < words.size(); ++i) {
        auto found = passage.frequencies.find(words[i].text);
        if (found == passage.frequencies.end()) continue;
        any = any || words[i].telling;
        hit.score +=
            bm25::score(idfs[i], found->second, norms.of_code[bm25::length_code(passage.length)]);
      }
      if (any) hits.push_back(hit);
    }
    std::ranges::sort(hits, [](const Hit& a, const Hit& b) {
      return a.score != b.score ? a.score > b.score : a.passage < b.passage;
    });
    return hits;
  }

 private:
  struct Counted {
    std::map<std::string, std::uint32_t> frequencies;
    std::uint32_t length = 0;
  };
  WordSplitter splitter_;
  std::map<std::int64_t, Counted> passages_;
};

class WordSearchTest : public ::testing::Test {
 protected:
  WordSearchTest() {
    EXPECT_TRUE(database_.execute(
        "INSERT INTO scopes(id, tenant, collection) VALUES(1, 't', 'c');"
        "INSERT INTO documents(id, scope, root, path, name, language, chunking, digest, size, "
        "mtime_ns, read_ns) VALUES(1, 1, 'r', 'p', 'n', '', '', '', 0, 0, 0)"));
  }
  // Frequent words are many times as frequent as rare ones, as in a language.
  std::string text(std::size_t words_max = 40) {
    std::string out;
    for (std::size_t n = 1 + random_() % words_max; n > 0; --n) {
      const double u = std::uniform_real_distribution<>(0, 1)(random_);
      out += fmt::format("w{} ", static_cast<int>(std::exp(u * 7)));
    }
    return out;
  }
  void commit(PostingWriter& writer) {
    ASSERT_TRUE(writer.flush());
    ASSERT_TRUE(database_.execute(fmt::format("UPDATE scopes SET passages = {}, length = {}",
                                              plain_.size(), plain_.length())));
  }

  TemporaryFolder folder_;
  sql::Database database_ =
      sql::Database::open(folder_.path() / "i.sqlite", index_file_kind()).value();
  std::mt19937 random_{6};
  PlainBm25 plain_;
  std::map<std::int64_t, std::string> texts_;
};

TEST_F(WordSearchTest, PruningGivesWhatScoringAllGives) {
  PostingWriter writer(database_, 1);
  WordSearch search(database_);
  std::int64_t next = 0;
  for (int round = 0; round < 25; ++round) {
    ASSERT_TRUE(database_.execute("BEGIN"));
    // Edits take passages away anywhere, and add behind the last.
    std::set<std::int64_t> gone;
    for (const auto& [id, text] : texts_) {
      if (random_() % 5 == 0 || (round == 20 && id < 1500)) gone.insert(id);
    }
    for (const std::int64_t id : gone) {
      writer.count({.name = "name w7", .context = "", .text = texts_[id]});
      writer.remove(id);
      plain_.remove(id);
      texts_.erase(id);
    }
    for (std::size_t n = 100 + random_() % 200; n > 0; --n) {
      next += 1 + static_cast<std::int64_t>(random_() % 3);
      const std::string& body = texts_[next] = text();
      writer.count({.name = "name w7", .context = "", .text = body});
      writer.add(next);
      plain_.add(next, {.name = "name w7", .context = "", .text = body});
    }
    commit(writer);
    ASSERT_TRUE(database_.execute("COMMIT"));
    for (int query = 0; query < 10; ++query) {
      WordSplitter splitter;
      auto words = query_words(splitter, text(10) + " w7 absent");
      for (QueryWord& word : words) word.telling = word.telling && random_() % 3 != 0;
      const std::size_t top_k = 1 + random_() % 20;
      Filter nothing;
      auto filter = PassageFilter::open(database_, 1, nothing);
      auto hits = search.search(1, words, top_k, *filter);
      ASSERT_TRUE(hits) << hits.error().message;
      auto expected = plain_.search(words);
      std::size_t wanted = std::min(top_k, expected.size());
      while (wanted < expected.size() && expected[wanted].score == expected[wanted - 1].score)
        ++wanted;
      ASSERT_EQ(hits->size(), wanted);
      for (std::size_t i = 0; i < wanted; ++i) {
        EXPECT_EQ((*hits)[i].passage, expected[i].passage);
        EXPECT_EQ((*hits)[i].score, expected[i].score);
      }
    }
  }
  // Nothing is left of what is removed.
  ASSERT_TRUE(database_.execute("BEGIN"));
  for (const auto& [id, text] : texts_) {
    writer.count({.name = "name w7", .context = "", .text = text});
    writer.remove(id);
  }
  ASSERT_TRUE(writer.flush());
  sql::Statement left(database_, "SELECT (SELECT count(*) FROM words) + count(*) FROM postings");
  ASSERT_TRUE(left.step().value());
  EXPECT_EQ(left.number(0), 0);
}

TEST(PassageFilter, Patterns) {
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("src/*.cc", "src/a/b.cc"));
  EXPECT_TRUE(matches_pattern("?.md", "ä.md"));
  EXPECT_TRUE(matches_pattern("a*b*c", "aXbXbXc"));
  EXPECT_FALSE(matches_pattern("a*b*c", "aXbXbX"));
  EXPECT_FALSE(matches_pattern("?", ""));
  EXPECT_FALSE(matches_pattern("?.md", "ab.md"));
  EXPECT_FALSE(matches_pattern("*a*a*a*a*a*a*b", std::string(100'000, 'a')));
}

}  // namespace
}  // namespace leyden::retrieval
