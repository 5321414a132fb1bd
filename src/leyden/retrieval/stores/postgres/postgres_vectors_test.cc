#include <cmath>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/retrieval/stores/postgres/testing/shared_server.h"
#include "leyden/retrieval/words.h"

namespace leyden::retrieval {
namespace {

// Words' stems, hashed into dimensions: what shares words is near. Can fail.
class HashingEmbedder final : public Embedder {
 public:
  explicit HashingEmbedder(std::string space) : space_(std::move(space)) {}
  const std::string& space() const override { return space_; }
  std::size_t dimensions() const override { return 1'024; }
  Result<std::vector<Vector>> embed(std::span<const std::string_view> texts, TextRole,
                                    Deadline) override {
    if (broken) return fail(Errc::unavailable, "the embedding model is away");
    std::vector<Vector> out;
    WordSplitter splitter;
    for (const std::string_view text : texts) {
      Vector& vector = out.emplace_back(dimensions());
      splitter.split(text, [&](const Word& word) {
        std::size_t hash = 1469598103934665603U;
        for (const char c : word.text)
          hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
        vector[hash % vector.size()] += 1;
      });
      float sum = 0;
      for (const float x : vector) sum += x * x;
      for (float& x : vector) x = sum == 0 ? 0 : x / std::sqrt(sum);
      ++embedded;
    }
    return out;
  }
  bool broken = false;
  int embedded = 0;

 private:
  std::string space_;
};

class PostgresVectorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::shared_server() == nullptr) GTEST_SKIP() << "no PostgreSQL here: run ./dev setup";
    url_ = testing::shared_server()->url(testing::shared_server()->make_database());
    for (int i = 0; i < 100; ++i)
      docs_.write(fmt::format("{}/{}.md", i % 4, i),
                  fmt::format("glass jar number{} of foil\n", i));
  }
  std::unique_ptr<Index> open(Embedder* embedder, bool read_only = false) {
    return testing::open_index({.url = url_, .read_only = read_only, .embedder = embedder});
  }

  std::string url_;
  TemporaryFolder docs_;
};

TEST_F(PostgresVectorsTest, FindsTheNearestAndFusesThemWithWords) {
  HashingEmbedder embedder("hash-1");
  const auto index = open(&embedder);
  ASSERT_TRUE(index->update(docs_.path(), {}, {}, {}));
  EXPECT_EQ(embedder.embedded, 100);
  ASSERT_TRUE(index->update(docs_.path(), {}, {}, {}));
  EXPECT_EQ(embedder.embedded, 100);
  const auto near =
      index->search({.query = embedded_text("2/42.md", "", "glass jar number42 of foil"),
                     .ranking = Ranking::vectors});
  ASSERT_TRUE(near) << near.error().message;
  EXPECT_EQ(near->used, Ranking::vectors);
  ASSERT_EQ(near->passages.size(), 5U);
  EXPECT_EQ(near->passages[0].document, "2/42.md");
  EXPECT_NEAR(near->passages[0].score, 1, 1e-4);
  const auto best = index->search({.query = "number42 foil"});
  ASSERT_TRUE(best) << best.error().message;
  EXPECT_EQ(best->used, Ranking::fused);
  EXPECT_TRUE(best->why_no_vectors.empty());
  EXPECT_EQ(best->passages[0].document, "2/42.md");
  EXPECT_NEAR(best->passages[0].score, 2.0 / 61, 1e-3);
  const auto filtered = index->search({.query = "number42 foil",
                                       .top_k = 100,
                                       .filter = {.paths = {"3/"}},
                                       .ranking = Ranking::vectors});
  ASSERT_TRUE(filtered) << filtered.error().message;
  EXPECT_EQ(filtered->passages.size(), 25U);
  for (const Passage& passage : filtered->passages) EXPECT_TRUE(passage.document.starts_with("3/"));
  EXPECT_TRUE(
      index->search({.scope = {.tenant = "other"}, .query = "glass", .ranking = Ranking::vectors})
          ->passages.empty());
}

TEST_F(PostgresVectorsTest, AnEmbedderThatFailsLeavesWordsAndIsMadeUpForLater) {
  HashingEmbedder embedder("hash-1");
  const auto index = open(&embedder);
  embedder.broken = true;
  const auto report = index->update(docs_.path(), {}, {}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->vectors_missing, 100);
  EXPECT_EQ(report->why_no_vectors, "the embedding model is away");
  const auto words = index->search({.query = "number42"});
  ASSERT_TRUE(words) << words.error().message;
  EXPECT_EQ(words->used, Ranking::words);
  EXPECT_EQ(words->why_no_vectors, "the embedding model is away");
  EXPECT_EQ(index->search({.query = "x", .ranking = Ranking::fused}).error().code,
            Errc::unavailable);
  embedder.broken = false;
  ASSERT_TRUE(index->update(docs_.path(), {}, {}, {}));
  EXPECT_EQ(embedder.embedded, 100);
  EXPECT_EQ(index->search({.query = "number42"})->used, Ranking::fused);
}

TEST_F(PostgresVectorsTest, AnotherSpaceHasVectorsOfItsOwn) {
  HashingEmbedder one("hash-1");
  ASSERT_TRUE(open(&one)->update(docs_.path(), {}, {}, {}));
  HashingEmbedder other("hash-2");
  const auto reader = open(&other, true);
  EXPECT_NE(reader->search({.query = "glass"})->why_no_vectors.find("run `leyden index`"),
            std::string::npos);
  ASSERT_TRUE(open(&other)->update(docs_.path(), {}, {}, {}));
  EXPECT_EQ(other.embedded, 100);
  // An update without an embedder takes the vectors of what it removes, and leaves new passages to the next with one.
  docs_.write("0/0.md", "glass anew");
  ASSERT_TRUE(open(nullptr)->update(docs_.path(), {}, {}, {}));
  const auto index = open(&other);
  EXPECT_EQ(
      index->search({.query = "glass", .top_k = 200, .ranking = Ranking::vectors})->passages.size(),
      99U);
  ASSERT_TRUE(index->update(docs_.path(), {}, {}, {}));
  EXPECT_EQ(other.embedded, 102);  // One of them a question.
}

}  // namespace
}  // namespace leyden::retrieval
