// The contract of stores over real servers. Each kind of them is started once, when the first test needs it.
#include "leyden/cache/stores/store_contract.h"

#include <cstdlib>

#include "leyden/base/clock.h"
#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cache/stores/redis/testing/redis_servers.h"

namespace leyden::cache::contract {
namespace {

using testing::RedisCluster;
using testing::RedisServer;
using testing::SentinelTrio;
using testing::ServerOptions;

// What the tests of this program share; killed at its end.
struct Servers {
  std::map<std::string, std::unique_ptr<RedisServer>> single;
  std::unique_ptr<SentinelTrio> sentinel;
  std::map<std::string, std::unique_ptr<RedisCluster>> cluster;
};
Servers& servers() {
  static Servers all;
  return all;
}

template <class T>
T& need(Result<std::unique_ptr<T>> started, std::unique_ptr<T>& into) {
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    std::abort();
  }
  into = std::move(*started);
  return *into;
}

RedisServer& single(const std::string& name, const ServerOptions& options) {
  auto& at = servers().single[name];
  return at ? *at : need(RedisServer::start(options), at);
}

std::string url_of(const std::string& name) {
  ServerOptions options;
  if (name == "redis") return single(name, options).url();
  if (name == "unix_socket") return "unix://" + single("redis", options).socket();
  if (name == "valkey") {
    options.kind = "valkey";
    return single(name, options).url();
  }
  if (name == "tls_and_acl") {
    options.tls = options.acl = true;
    return single(name, options).url();
  }
  if (name == "sentinel") {
    auto& at = servers().sentinel;
    return (at ? *at : need(SentinelTrio::start(), at)).url();
  }
  const std::string kind = name == "valkey_cluster" ? "valkey" : "redis";
  auto& at = servers().cluster[kind];
  return (at ? *at : need(RedisCluster::start(kind), at)).url();
}

struct RedisFixture final : Fixture {
  SystemClock clock;
  std::unique_ptr<RedisStore> redis;
  explicit RedisFixture(const std::string& name) {
    static int number = 0;  // Each test has a prefix of its own on the shared servers.
    auto options = RedisStoreOptions::from_url(url_of(name));
    if (!options) std::abort();
    options->prefix = "leyden-test:" + std::to_string(number++) + ":";
    // This machine may stand still: what is slow is not wrong here.
    options->command_timeout = options->stall_timeout = options->connect_timeout =
        std::chrono::seconds(20);
    auto opened = RedisStore::open(*options, clock);
    if (!opened) std::abort();
    redis = std::move(*opened);
  }
  Store& store() override { return *redis; }
};

Implementation over(const std::string& name) {
  return {name, [name] { return std::make_unique<RedisFixture>(name); }};
}

std::vector<Implementation> redis_ones() {
  std::vector<Implementation> out{over("redis"), over("unix_socket"), over("tls_and_acl"),
                                  over("sentinel"), over("cluster")};
  if (testing::have_server("valkey")) {
    out.push_back(over("valkey"));
    out.push_back(over("valkey_cluster"));
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Redis, StoreContract, ::testing::ValuesIn(redis_ones()),
                         [](const auto& instance) { return instance.param.name; });

TEST(RedisContract, ValkeyIsInstalled) {
  if (!testing::have_server("valkey"))
    GTEST_SKIP() << "no valkey-server: install it from Debian's backports (./dev setup)";
}

}  // namespace
}  // namespace leyden::cache::contract
