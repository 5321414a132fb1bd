#include "leyden/retrieval/stores/sqlite/passage_vectors.h"

#include <array>
#include <atomic>
#include <cmath>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"

namespace leyden::retrieval {
namespace {

// Knows four meanings, each by a few words.
class FourMeanings final : public Embedder {
 public:
  explicit FourMeanings(std::string space = "four meanings") : space_(std::move(space)) {}
  [[nodiscard]] const std::string& space() const override { return space_; }
  [[nodiscard]] std::size_t dimensions() const override { return kMeanings.size(); }
  [[nodiscard]] Result<std::vector<Vector>> embed(std::span<const std::string_view> texts, TextRole,
                                                  Deadline) override {
    if (away) return fail(Errc::unavailable, "the embedder is away");
    embedded += texts.size();
    std::vector<Vector> out;
    for (const std::string_view text : texts) {
      Vector& vector = out.emplace_back(kMeanings.size());
      float length = 0;
      for (std::size_t i = 0; i < kMeanings.size(); ++i) {
        for (const std::string_view word : kMeanings[i])
          vector[i] += text.contains(word) ? 1.0F : 0;
        length += vector[i] * vector[i];
      }
      for (float& value : vector) value = length > 0 ? value / std::sqrt(length) : 0;
    }
    return out;
  }
  std::atomic<bool> away = false;
  std::atomic<std::size_t> embedded = 0;

 private:
  static constexpr std::array<std::array<std::string_view, 3>, 4> kMeanings{
      {{"jar", "bottle", "vessel"},
       {"storm", "lightning", "thunder"},
       {"ship", "boat", "vessel"},
       {"bread", "loaf", "flour"}}};
  std::string space_;
};

class PassageVectorsTest : public testing::Test {
 protected:
  void SetUp() override {
    docs_.write("jar.md", "The jar holds a charge.\n");
    docs_.write("storm.md", "Thunder comes after it.\n");
    docs_.write("bread.py", "# a loaf\n");
  }
  std::unique_ptr<Index> open(Embedder* embedder) {
    return open_sqlite_index({.file = data_.path() / "index.sqlite", .embedder = embedder}).value();
  }
  UpdateReport update(Index& index) { return index.update(docs_.path(), {}, {}, {}).value(); }
  static std::vector<std::string> found(const SearchAnswer& answer) {
    std::vector<std::string> names;
    for (const Passage& passage : answer.passages) names.push_back(passage.document);
    return names;
  }
  using Names = std::vector<std::string>;

  TemporaryFolder docs_;
  TemporaryFolder data_;
  FourMeanings embedder_;
};

TEST_F(PassageVectorsTest, FindsWhatSharesAMeaningAndNoWord) {
  auto index = open(&embedder_);
  const UpdateReport report = update(*index);
  EXPECT_EQ(report.vectors_added, 3U);
  EXPECT_EQ(report.vectors_missing, 0U);
  const auto best = index->search({.query = "bottle", .top_k = 1}).value();
  EXPECT_EQ(best.used, Ranking::fused);
  EXPECT_EQ(found(best), Names{"jar.md"});
  EXPECT_EQ(
      found(index->search({.query = "lightning", .top_k = 1, .ranking = Ranking::vectors}).value()),
      Names{"storm.md"});
  EXPECT_EQ(found(index->search({.query = "lightning", .ranking = Ranking::words}).value()),
            Names{});
  // Both rankings name it first, so it is first.
  EXPECT_EQ(
      found(index->search({.query = "a loaf", .top_k = 1, .ranking = Ranking::fused}).value()),
      Names{"bread.py"});
  EXPECT_EQ(found(index
                      ->search({.query = "bottle",
                                .top_k = 3,
                                .filter = {.languages = {"python"}},
                                .ranking = Ranking::vectors})
                      .value()),
            Names{"bread.py"});
}

TEST_F(PassageVectorsTest, MakesOnlyWhatIsMissing) {
  auto index = open(&embedder_);
  update(*index);
  docs_.write("jar.md", "The bottle, not the jar.\n");
  std::filesystem::remove(docs_.path() / "storm.md");
  const std::size_t before = embedder_.embedded;
  EXPECT_EQ(update(*index).vectors_added, 1U);
  EXPECT_EQ(embedder_.embedded, before + 1);
  EXPECT_EQ(
      found(index->search({.query = "thunder", .top_k = 5, .ranking = Ranking::vectors}).value())
          .size(),
      2U);
  // Another model: all anew.
  FourMeanings other("others");
  EXPECT_EQ(found(open(&other)->search({.query = "bottle"}).value()), Names{"jar.md"});
  EXPECT_EQ(open(&other)->search({.query = "jar"}).value().why_no_vectors,
            "the index has vectors of another model (four meanings): run `leyden index` again");
  EXPECT_EQ(update(*open(&other)).vectors_added, 2U);
}

TEST_F(PassageVectorsTest, WithoutAnEmbedderWordsAnswerAndItSaysSo) {
  auto index = open(nullptr);
  EXPECT_EQ(update(*index).vectors_added, 0U);
  const auto answer = index->search({.query = "jar"}).value();
  EXPECT_EQ(answer.used, Ranking::words);
  EXPECT_EQ(answer.why_no_vectors, "the index was opened without an embedder");
  EXPECT_EQ(found(answer), Names{"jar.md"});
  EXPECT_EQ(index->search({.query = "jar", .ranking = Ranking::vectors}).error().code,
            Errc::unsupported);
}

TEST_F(PassageVectorsTest, AnEmbedderThatIsAwayCostsNoAnswer) {
  embedder_.away = true;
  auto index = open(&embedder_);
  const UpdateReport report = update(*index);
  EXPECT_EQ(report.vectors_missing, 3U);
  EXPECT_EQ(report.why_no_vectors, "the embedder is away");
  EXPECT_EQ(found(index->search({.query = "jar"}).value()), Names{"jar.md"});
  embedder_.away = false;
  EXPECT_EQ(update(*index).vectors_added, 3U);
  embedder_.away = true;
  const auto answer = index->search({.query = "jar"}).value();
  EXPECT_EQ(answer.used, Ranking::words);
  EXPECT_EQ(answer.why_no_vectors, "the embedder is away");
  EXPECT_EQ(index->search({.query = "jar", .ranking = Ranking::fused}).error().code,
            Errc::unavailable);
}

}  // namespace
}  // namespace leyden::retrieval
