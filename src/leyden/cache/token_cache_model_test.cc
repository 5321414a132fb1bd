#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/testing/token_cache_model.h"

namespace leyden::cache {
namespace {

class TokenCacheModelTest : public ::testing::Test {
 protected:
  void run(std::size_t memory_bytes, std::uint64_t store_bytes, bool roomy) {
    testing::run_against_model({.open = [&](const Clock& clock) -> Result<std::unique_ptr<Store>> {
                                  return LmdbStore::open({.folder = folder_.path() / "store",
                                                          .capacity_bytes = store_bytes,
                                                          .ttl = testing::kModelTtl},
                                                         clock);
                                },
                                .memory_bytes = memory_bytes,
                                .roomy = roomy});
  }
  TemporaryFolder folder_;
};

// Nothing is evicted: what must be there is there.
TEST_F(TokenCacheModelTest, WithRoomForAllEachAnswerComesFromWhereItMust) {
  run(8 * MiB, 32 * MiB, true);
}

TEST_F(TokenCacheModelTest, WithoutRoomNothingIsWrongOrStale) { run(64 * KiB, 4 * MiB, false); }

}  // namespace
}  // namespace leyden::cache
