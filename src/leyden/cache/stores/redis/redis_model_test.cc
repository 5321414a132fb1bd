#include <gtest/gtest.h>

#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cache/stores/redis/testing/redis_servers.h"
#include "leyden/cache/testing/token_cache_model.h"

namespace leyden::cache {
namespace {

class RedisModelTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!testing::have_server(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  }
};

TEST_P(RedisModelTest, TwoProcessesWithRoomForAll) {
  auto server = testing::RedisServer::start({.kind = GetParam()});
  ASSERT_TRUE(server) << server.error().message;
  const std::string url = (*server)->url();
  testing::run_against_model({.open = [&](const Clock& clock) -> Result<std::unique_ptr<Store>> {
                                auto options = RedisStoreOptions::from_url(url);
                                if (!options) return std::unexpected(options.error());
                                options->command_timeout = std::chrono::seconds(30);
                                options->stall_timeout = std::chrono::seconds(30);
                                return RedisStore::open(*options, clock);
                              },
                              .memory_bytes = 8 * MiB,
                              .roomy = true,
                              .has_time = false});
}

INSTANTIATE_TEST_SUITE_P(Servers, RedisModelTest, ::testing::Values("redis", "valkey"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace leyden::cache
