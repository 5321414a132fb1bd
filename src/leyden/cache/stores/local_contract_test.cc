#include "leyden/cache/stores/store_contract.h"

#include <array>

#include "leyden/base/clock.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/testing/fake_store.h"
#include "leyden/cache/testing/listener_fan.h"
#include "leyden/cache/token_cache_contract.h"

namespace leyden::cache::contract {
namespace {

struct FakeFixture final : Fixture {
  testing::FakeStore fake;
  Store& store() override { return fake; }
};

struct LmdbFixture final : Fixture {
  TemporaryFolder folder;
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

struct MemoryOnly final : SharedFixture {
  Store* store(std::size_t) override { return nullptr; }
};

// A process may open a folder once; tests of several processes: lmdb_processes_test.cc.
struct SharedLmdb final : SharedFixture {
  LmdbFixture lmdb;
  testing::ListenerFan fan{lmdb.store()};
  std::array<std::unique_ptr<Store>, 2> parts{fan.part(), fan.part()};
  Store* store(std::size_t process) override { return parts.at(process).get(); }
};

INSTANTIATE_TEST_SUITE_P(
    Tiers, TokenCacheContract,
    ::testing::Values(SharedImplementation{"memory_only",
                                           [] { return std::make_unique<MemoryOnly>(); }},
                      SharedImplementation{"lmdb", [] { return std::make_unique<SharedLmdb>(); }}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace leyden::cache::contract
