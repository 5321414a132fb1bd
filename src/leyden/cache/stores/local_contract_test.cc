#include "leyden/cache/stores/store_contract.h"

#include "leyden/base/clock.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/testing/fake_store.h"
#include "leyden/cache/testing/temporary_folder.h"

namespace leyden::cache::contract {
namespace {

struct FakeFixture final : Fixture {
  testing::FakeStore fake;
  Store& store() override { return fake; }
};

struct LmdbFixture final : Fixture {
  testing::TemporaryFolder folder;
  SystemClock clock;
  std::unique_ptr<LmdbStore> lmdb;
  LmdbFixture() {
    auto opened =
        LmdbStore::open({.folder = folder.path() / "store", .capacity_bytes = 64 * MiB}, clock);
    if (opened) lmdb = std::move(*opened);
  }
  Store& store() override { return *lmdb; }
};

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreContract,
    ::testing::Values(Implementation{"fake", [] { return std::make_unique<FakeFixture>(); }},
                      Implementation{"lmdb", [] { return std::make_unique<LmdbFixture>(); }}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace leyden::cache::contract
