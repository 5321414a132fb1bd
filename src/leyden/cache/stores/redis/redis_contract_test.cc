// The contracts of stores and of the tiers together over real servers. Each kind of them is started once, when the first test needs it.
#include "leyden/cache/stores/store_contract.h"

#include <array>
#include <cstdlib>

#include "leyden/base/clock.h"
#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cache/stores/redis/testing/redis_servers.h"
#include "leyden/cache/token_cache_contract.h"

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

// Each test has a prefix of its own on the shared servers.
std::string next_prefix() {
  static int number = 0;
  return "leyden-test:" + std::to_string(number++) + ":";
}

std::unique_ptr<RedisStore> open(const std::string& name, const std::string& prefix,
                                 const Clock& clock) {
  auto options = RedisStoreOptions::from_url(url_of(name));
  if (!options) std::abort();
  options->prefix = prefix;
  // This machine may stand still: what is slow is not wrong here.
  options->command_timeout = options->stall_timeout = options->connect_timeout =
      std::chrono::seconds(20);
  auto opened = RedisStore::open(*options, clock);
  if (!opened) std::abort();
  return std::move(*opened);
}

struct RedisFixture final : Fixture {
  SystemClock clock;
  std::unique_ptr<RedisStore> redis;
  explicit RedisFixture(const std::string& name) : redis(open(name, next_prefix(), clock)) {}
  Store& store() override { return *redis; }
};

struct SharedRedis final : SharedFixture {
  SystemClock clock;
  std::array<std::unique_ptr<RedisStore>, 2> stores;
  explicit SharedRedis(const std::string& name) {
    const std::string prefix = next_prefix();
    for (auto& each : stores) each = open(name, prefix, clock);
  }
  Store* store(std::size_t process) override { return stores.at(process).get(); }
};

std::vector<std::string> kinds() {
  std::vector<std::string> out{"redis", "unix_socket", "tls_and_acl", "sentinel", "cluster"};
  if (testing::have_server("valkey")) {
    out.push_back("valkey");
    out.push_back("valkey_cluster");
  }
  return out;
}

template <class Implementation, class Fixture>
std::vector<Implementation> over_all() {
  std::vector<Implementation> out;
  for (const std::string& kind : kinds())
    out.push_back({kind, [kind] { return std::make_unique<Fixture>(kind); }});
  return out;
}

INSTANTIATE_TEST_SUITE_P(Redis, StoreContract,
                         ::testing::ValuesIn(over_all<Implementation, RedisFixture>()),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(Redis, TokenCacheContract,
                         ::testing::ValuesIn(over_all<SharedImplementation, SharedRedis>()),
                         [](const auto& instance) { return instance.param.name; });

TEST(RedisContract, ValkeyIsInstalled) {
  if (!testing::have_server("valkey"))
    GTEST_SKIP() << "no valkey-server: install it from Debian's backports (./dev setup)";
}

}  // namespace
}  // namespace leyden::cache::contract
