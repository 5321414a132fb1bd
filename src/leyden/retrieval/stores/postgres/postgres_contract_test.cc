#include "leyden/retrieval/index_contract.h"
#include "leyden/retrieval/stores/postgres/testing/shared_server.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"

namespace leyden::retrieval::contract {
namespace {

struct PostgresPlace final : IndexStore::Place {
  std::unique_ptr<Index> open() override { return testing::open_index({.url = url}); }
  std::string url = testing::shared_server()->url(testing::shared_server()->make_database());
};

INSTANTIATE_TEST_SUITE_P(Postgres, IndexContract,
                         ::testing::Values(IndexStore{
                             .name = "PostgreSQL",
                             .make = []() -> std::unique_ptr<IndexStore::Place> {
                               if (testing::shared_server() == nullptr) return nullptr;
                               return std::make_unique<PostgresPlace>();
                             }}));

// Real documents: the same passages, scores and order from both stores.
TEST(PostgresIndexTest, AgreesWithTheSqliteStore) {
  if (testing::shared_server() == nullptr) GTEST_SKIP() << "no PostgreSQL here: run ./dev setup";
  PostgresPlace place;
  const auto postgres = place.open();
  TemporaryFolder folder;
  const auto sqlite = open_sqlite_index({.file = folder.path() / "index.sqlite"}).value();
  const std::filesystem::path docs = std::filesystem::path(LEYDEN_SOURCE_DIR) / "docs";
  const auto one = postgres->update(docs, {}, {}, {});
  const auto other = sqlite->update(docs, {}, {}, {});
  ASSERT_TRUE(one && other) << one.error().message;
  EXPECT_EQ(one->passages_total, other->passages_total);
  for (const Filter& filter : {Filter{}, Filter{.paths = {"formats/", "*e*.md"}}}) {
    for (const char* query :
         {"how is a token block encrypted", "redis cluster", "LEYDEN_SECRET_FILE", "what is the",
          "cache", "open_sqlite_index", "which requests share the prefix of a prompt", "-"}) {
      for (const std::size_t top_k : {1UL, 5UL, 1'000UL}) {
        const SearchRequest request{.query = query, .top_k = top_k, .filter = filter};
        const auto a = postgres->search(request);
        const auto b = sqlite->search(request);
        ASSERT_TRUE(a && b);
        ASSERT_EQ(a->passages.size(), b->passages.size()) << query;
        for (std::size_t i = 0; i < a->passages.size(); ++i) {
          EXPECT_EQ(a->passages[i].content, b->passages[i].content) << query << i;
          EXPECT_EQ(a->passages[i].score, b->passages[i].score) << query << i;
          EXPECT_EQ(a->passages[i].text, b->passages[i].text);
          EXPECT_EQ(a->passages[i].first_line, b->passages[i].first_line);
        }
      }
    }
  }
}

}  // namespace
}  // namespace leyden::retrieval::contract
