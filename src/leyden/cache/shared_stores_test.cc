// Ten processes with three agents each share one Redis and one LMDB folder: nobody disturbs another, quotas hold, and a tenant can
// neither read another's passages, nor find out by a name whether it has one, nor push them out.
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <spawn.h>
#include <unistd.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/stores/redis/redis_groups.h"
#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cache/stores/redis/testing/redis_servers.h"
#include "leyden/cache/testing/child_process.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/token_cache.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::soon;

constexpr std::uint64_t kProcesses = 10;
constexpr std::uint32_t kVocabulary = 100'000;
constexpr std::uint64_t kQuotaBytes = 2 * MiB;  // Of a tenant, in each store.
// Less than the loud tenant asks for. The quiet one has more than the half of it that would be left to it without its guarantee.
constexpr std::uint64_t kMemoryBytes = 192 * KiB;
constexpr std::uint64_t kGuaranteedBytes = 160 * KiB;
constexpr std::uint64_t kShared = 50;   // Passages of the quiet tenant that all processes ask for,
constexpr std::uint64_t kPrivate = 20;  // and of each process alone.
constexpr std::uint64_t kFlood = 800;   // Passages of the loud tenant, of each process.
constexpr std::uint64_t kSpan = 1'000'000;  // Of numbers, for each process.
constexpr const char* kPrefix = "leyden-test:shared:";
const Secret kSecret{std::byte{11}};

enum Agent : std::uint64_t {
  loud,
  quiet,
  other_tokenizer
};  // The last one is of the quiet tenant.

std::string tenant_of(Agent agent) { return agent == loud ? "loud" : "quiet"; }
Digest tokenizer_of(Agent agent) { return testing::key_of(agent == other_tokenizer ? 2 : 1); }
PassageScope scope_of(Agent agent) {
  return {.codec = {.tokenizer_fingerprint = tokenizer_of(agent), .vocabulary_size = kVocabulary},
          .tenant = tenant_tag(kSecret, tenant_of(agent)),
          .tokenizer = tokenizer_tag(kSecret, tokenizer_of(agent))};
}
BlockKey key_of(Agent agent, std::uint64_t number) {
  return block_key(kSecret, {.tenant = tenant_of(agent),
                             .tokenizer_fingerprint = tokenizer_of(agent),
                             .content = testing::key_of(number)});
}
// A tokenizer's own. Never none: what encodes to nothing is soon forgotten.
TokenIds ids_of(Agent agent, std::uint64_t number) {
  TokenIds out = testing::ids_of(number * 2 + (agent == other_tokenizer ? 1 : 0), kVocabulary);
  out.push_back(static_cast<TokenId>(number % kVocabulary));
  return out;
}
std::vector<BlockKey> keys_of(Agent agent, std::uint64_t first, std::uint64_t count) {
  std::vector<BlockKey> out;
  for (std::uint64_t i = first; i < first + count; ++i) out.push_back(key_of(agent, i));
  return out;
}

Result<std::unique_ptr<RedisStore>> open_redis(const std::string& url, const Clock& clock) {
  auto options = RedisStoreOptions::from_url(url);
  if (!options) return std::unexpected(options.error());
  options->prefix = kPrefix;
  options->tenant_quota_bytes = kQuotaBytes;
  // This machine may stand still: what is slow is not wrong here.
  options->command_timeout = options->stall_timeout = options->connect_timeout = 60s;
  return RedisStore::open(*options, clock);
}

LmdbStoreOptions lmdb_options(const std::filesystem::path& folder) {
  return {.folder = folder, .capacity_bytes = 32 * MiB, .tenant_quota_bytes = kQuotaBytes};
}

// A cache of one process over one of the stores.
class SharedCache {
 public:
  SharedCache(std::string name, Store& store) : name_(std::move(name)), store_(store) {
    MemoryTierOptions in_memory{.capacity_bytes = kMemoryBytes};
    in_memory.tenants[scope_of(quiet).tenant] = {.guaranteed_bytes = kGuaranteedBytes};
    memory_ = MemoryTier::make(in_memory, clock_).value();
    TokenCacheOptions options;
    options.store_reads = StoreReads::always;
    options.store_timeout = options.write_back.write_timeout = 60s;
    options.integrity = Integrity::keyed(kSecret);
    cache_ = std::make_unique<TokenCache>(*memory_, &store, clock_, options);
    // Until then a link's coming up makes memory forget.
    for (int i = 0; i < 6000 && store.health().state != StoreState::on; ++i)
      std::this_thread::sleep_for(10ms);
  }

  // How many came from each source. Checks every answer.
  std::array<std::uint64_t, 4> ask(Agent agent, std::uint64_t first, std::uint64_t count) {
    const auto keys = keys_of(agent, first, count);
    const auto found = cache_->find_or_encode(
        keys, scope_of(agent),
        [&](std::size_t i) -> Result<TokenIds> { return ids_of(agent, first + i); }, soon(),
        {.agent = "agent " + std::to_string(agent), .tenant = tenant_of(agent)});
    std::array<std::uint64_t, 4> sources{};
    EXPECT_TRUE(found) << name_ << ": " << found.error().message;
    if (!found) return sources;
    for (std::uint64_t i = 0; i < count; ++i) {
      EXPECT_EQ(*(*found)[i].block, ids_of(agent, first + i)) << name_ << ": a wrong token array";
      ++sources.at(static_cast<std::size_t>((*found)[i].source));
    }
    return sources;
  }
  [[nodiscard]] std::uint64_t known(Agent agent, std::uint64_t first, std::uint64_t count) {
    std::uint64_t out = 0;
    for (const BlockKey& key : keys_of(agent, first, count)) out += memory_->find(key) ? 1 : 0;
    return out;
  }

  // What this process does to the store that it shares with the others.
  void work(std::uint64_t process) {
    const std::uint64_t mine = (process + 1) * kSpan;
    std::vector<std::jthread> agents;
    agents.emplace_back([&] {
      for (std::uint64_t i = 0; i < kFlood; i += 20) (void)ask(loud, mine + i, 20);
    });
    for (const Agent agent : {quiet, other_tokenizer}) {
      agents.emplace_back([&, agent] {
        for (std::uint64_t round = 0; round < 20; ++round) {
          (void)ask(agent, 0, kShared);
          (void)ask(agent, mine, kPrivate);
        }
      });
    }
    agents.clear();
    EXPECT_TRUE(cache_->flush(soon())) << name_;

    // Once more, one after the other: above, the quiet ones may have been the last.
    for (const Agent agent : {quiet, other_tokenizer}) {
      (void)ask(agent, 0, kShared);
      (void)ask(agent, mine, kPrivate);
    }
    for (std::uint64_t i = 0; i < kFlood; i += 20) (void)ask(loud, mine + i, 20);
    for (const Agent agent : {quiet, other_tokenizer}) {
      EXPECT_EQ(known(agent, 0, kShared) + known(agent, mine, kPrivate), kShared + kPrivate)
          << name_ << ": another's flood has pushed out what is guaranteed";
    }
    EXPECT_TRUE(cache_->flush(soon())) << name_;
    // The same texts under the loud tenant's names, which nobody has asked for: neither tier may know them.
    const std::uint64_t secret = mine + kSpan / 2;
    (void)ask(quiet, secret, kPrivate);
    EXPECT_TRUE(cache_->flush(soon())) << name_;
    EXPECT_EQ(cache_->erase_many(keys_of(loud, secret, kPrivate), soon()).value_or(99), 0U)
        << name_ << ": its texts can be probed for";
    const auto sources = ask(loud, secret, kPrivate);
    EXPECT_EQ(sources.at(static_cast<std::size_t>(Source::encoded)), kPrivate)
        << name_ << ": what another tenant has was served";
    EXPECT_TRUE(cache_->erase_many(keys_of(loud, secret, kPrivate), soon())) << name_;
    const auto left = store_.find_many(keys_of(quiet, secret, kPrivate), soon());
    ASSERT_TRUE(left) << name_ << ": " << left.error().message;
    for (const auto& value : *left) EXPECT_TRUE(value) << name_ << ": erased by another tenant";
    const CacheStats stats = cache_->stats();
    EXPECT_EQ(stats.corruptions, 0U) << name_;
    EXPECT_EQ(stats.errors, 0U) << name_;
    EXPECT_GT(stats.evictions, 0U) << name_ << ": that was no flood";
    cache_->close();
  }

 private:
  const std::string name_;
  Store& store_;
  SystemClock clock_;
  std::unique_ptr<MemoryTier> memory_;
  std::unique_ptr<TokenCache> cache_;
};

// One of the ten, started by the test below.
TEST(SharedStores, DISABLED_OneProcess) {
  const char* number = std::getenv("LEYDEN_TEST_PROCESS");
  const char* url = std::getenv("LEYDEN_TEST_URL");
  const char* folder = std::getenv("LEYDEN_TEST_FOLDER");
  if (number == nullptr || url == nullptr || folder == nullptr)
    GTEST_SKIP() << "not started by TenProcesses";
  const std::uint64_t process = std::strtoull(number, nullptr, 10);
  const SystemClock clock;
  auto redis = open_redis(url, clock);
  ASSERT_TRUE(redis) << redis.error().message;
  auto lmdb = LmdbStore::open(lmdb_options(folder), clock);
  ASSERT_TRUE(lmdb) << lmdb.error().message;
  SharedCache over_redis("redis", **redis);
  SharedCache over_lmdb("lmdb", **lmdb);
  std::jthread both([&] { over_redis.work(process); });
  over_lmdb.work(process);
}

pid_t start_process(std::uint64_t number, const std::string& url,
                    const std::filesystem::path& folder) {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) variables.emplace_back(*each);
  variables.push_back("LEYDEN_TEST_PROCESS=" + std::to_string(number));
  variables.push_back("LEYDEN_TEST_URL=" + url);
  variables.push_back("LEYDEN_TEST_FOLDER=" + folder.string());
  std::vector<std::string> words{"/proc/self/exe",
                                 "--gtest_filter=SharedStores.DISABLED_OneProcess",
                                 "--gtest_also_run_disabled_tests", "--gtest_brief=1"};
  const auto pointers = [](std::vector<std::string>& strings) {
    std::vector<char*> out;
    for (std::string& each : strings) out.push_back(each.data());
    out.push_back(nullptr);
    return out;
  };
  const auto arguments = pointers(words);
  const auto environment = pointers(variables);
  pid_t child = -1;
  EXPECT_EQ(::posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments.data(),
                          environment.data()),
            0);
  return child;
}

// What the lists of a tenant in Redis are charged with.
std::uint64_t charged_in_redis(const testing::RedisServer& server, const GroupTag& tenant) {
  std::uint64_t bytes = 0;
  const RedisKeys keys(kPrefix);
  for (unsigned bucket = 0; bucket < kRedisBuckets; ++bucket) {
    const auto members =
        server.ask({"ZRANGE", keys.group(GroupKind::tenant, tenant, bucket), "0", "-1"});
    for (const net::RespValue& item : members.items) {
      if (const auto member = RedisMember::parse(item.text())) bytes += member->bytes;
    }
  }
  return bytes;
}

TEST(SharedStores, TenProcesses) {
  testing::ServerOptions server_options;
  server_options.acl = true;
  auto server = testing::RedisServer::start(server_options);
  ASSERT_TRUE(server) << server.error().message;
  const TemporaryFolder parent(fast_folder());
  const std::filesystem::path folder = parent.path() / "store";
  std::vector<pid_t> children;
  for (std::uint64_t p = 0; p < kProcesses; ++p)
    children.push_back(start_process(p, (*server)->url(), folder));
  for (const pid_t child : children) EXPECT_EQ(testing::exit_status(child), 0);

  const SystemClock clock;
  auto redis = open_redis((*server)->url(), clock);
  ASSERT_TRUE(redis) << redis.error().message;
  auto lmdb = LmdbStore::open(lmdb_options(folder), clock);
  ASSERT_TRUE(lmdb) << lmdb.error().message;
  // A quota is held in each bucket by who writes last; ten writers at once may be a write ahead of it each.
  const std::uint64_t loud_in_redis = charged_in_redis(**server, scope_of(loud).tenant);
  EXPECT_LE(loud_in_redis, kQuotaBytes + kProcesses * 30'000);
  EXPECT_GE(loud_in_redis, kQuotaBytes / 2) << "a quota is there to be used";
  const std::uint64_t loud_in_lmdb =
      (*lmdb)->tenant_usage(scope_of(loud).tenant, soon())->bytes_used;
  EXPECT_LE(loud_in_lmdb, kQuotaBytes);
  EXPECT_GE(loud_in_lmdb, kQuotaBytes / 2);
  std::cout << "of a quota of " << kQuotaBytes << " bytes the loud tenant has " << loud_in_redis
            << " in Redis and " << loud_in_lmdb << " in LMDB\n";
  for (Store* store : {static_cast<Store*>(redis->get()), static_cast<Store*>(lmdb->get())}) {
    for (const Agent agent : {quiet, other_tokenizer}) {
      auto keys = keys_of(agent, 0, kShared);
      for (std::uint64_t p = 0; p < kProcesses; ++p) {
        for (const BlockKey& key : keys_of(agent, (p + 1) * kSpan, kPrivate)) keys.push_back(key);
      }
      const auto found = store->find_many(keys, soon());
      ASSERT_TRUE(found) << found.error().message;
      for (const auto& value : *found)
        EXPECT_TRUE(value) << "pushed out of the store by another tenant";
    }
  }
}

}  // namespace
}  // namespace leyden::cache
