#include "leyden/retrieval/index_contract.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"

namespace leyden::retrieval::contract {
namespace {

struct SqlitePlace final : IndexStore::Place {
  std::unique_ptr<Index> open() override {
    auto index = open_sqlite_index({.file = folder.path() / "index.sqlite"});
    EXPECT_TRUE(index) << index.error().message;
    return index ? *std::move(index) : nullptr;
  }
  TemporaryFolder folder;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, IndexContract,
                         ::testing::Values(IndexStore{.name = "SQLite", .make = [] {
                                                        return std::make_unique<SqlitePlace>();
                                                      }}));

}  // namespace
}  // namespace leyden::retrieval::contract
