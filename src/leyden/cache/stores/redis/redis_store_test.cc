// What can go wrong with real servers, and what only this store does.
#include "leyden/cache/stores/redis/redis_store.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/clock.h"
#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/testing/redis_servers.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::RedisCluster;
using testing::RedisServer;
using testing::SentinelTrio;
using testing::ServerOptions;

const SystemClock kClock;

BlockKey key_of(std::uint64_t number) { return Hasher().field(number).finish(); }
GroupTag tag_of(std::uint8_t number) {
  GroupTag tag{};
  tag[0] = std::byte{number};
  tag[15] = std::byte{1};
  return tag;
}
StoreEntry entry_of(std::uint64_t number, std::size_t size = 100) {
  return {key_of(number), Bytes(size, std::byte(number))};
}

std::string prefix_of_test() {
  static std::atomic<int> number{0};
  return "leyden-test:s" + std::to_string(number++) + ":";
}

RedisStoreOptions options_of(const std::string& url) {
  auto options = RedisStoreOptions::from_url(url);
  EXPECT_TRUE(options) << options.error().message;
  if (!options) return {};
  options->prefix = prefix_of_test();
  return *options;
}

std::unique_ptr<RedisStore> open(const RedisStoreOptions& options) {
  auto store = RedisStore::open(options, kClock);
  EXPECT_TRUE(store) << store.error().message;
  return store ? std::move(*store) : nullptr;
}

std::unique_ptr<RedisServer> server_of(ServerOptions options = {}) {
  auto server = RedisServer::start(std::move(options));
  EXPECT_TRUE(server) << server.error().message;
  return server ? std::move(*server) : nullptr;
}

Result<std::vector<std::optional<Bytes>>> find(RedisStore& store, std::uint64_t number,
                                               Deadline::SteadyClock::duration patience = 5s) {
  return store.find_many(std::vector{key_of(number)}, Deadline::after(patience));
}
Result<void> put(RedisStore& store, StoreEntry entry) {
  return store.put_many(std::vector{std::move(entry)}, Deadline::after(5s));
}
bool has(RedisStore& store, std::uint64_t number) {
  const auto found = find(store, number);
  return found && found->front().has_value();
}

// In steps of 10 ms: how many of them passed until `well`; nothing after `patience`.
template <class F>
std::optional<std::chrono::milliseconds> time_until(std::chrono::milliseconds patience, F&& well) {
  for (auto passed = 0ms; passed < patience; passed += 10ms) {
    if (well()) return passed;
    std::this_thread::sleep_for(10ms);
  }
  return std::nullopt;
}

// Keeps what it hears.
class Ear final : public StoreListener {
 public:
  void erased(std::span<const BlockKey> keys) override {
    std::lock_guard lock(mutex_);
    keys_.insert(keys_.end(), keys.begin(), keys.end());
  }
  void erased_group(GroupKind kind, const GroupTag& tag) override {
    std::lock_guard lock(mutex_);
    groups_.emplace_back(kind, tag);
  }
  void lost() override { ++lost_; }

  bool heard(const BlockKey& key) const {
    std::lock_guard lock(mutex_);
    return std::ranges::find(keys_, key) != keys_.end();
  }
  bool heard(GroupKind kind, const GroupTag& tag) const {
    std::lock_guard lock(mutex_);
    return std::ranges::find(groups_, std::pair(kind, tag)) != groups_.end();
  }
  int lost_count() const { return lost_; }

 private:
  mutable std::mutex mutex_;
  std::vector<BlockKey> keys_;
  std::vector<std::pair<GroupKind, GroupTag>> groups_;
  std::atomic<int> lost_{0};
};

// The link is there once lost() was called for its coming up.
void listen(RedisStore& store, Ear& ear) {
  store.listen(&ear);
  ASSERT_TRUE(time_until(5s, [&] {
    return ear.lost_count() > 0 && store.health().state == StoreState::on;
  })) << store.health().reason;
}

std::size_t threads_now() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}
std::size_t files_now() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

class RedisStoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { shared_ = server_of(); }
  static void TearDownTestSuite() { shared_.reset(); }
  static RedisServer& shared() { return *shared_; }

 private:
  static inline std::unique_ptr<RedisServer> shared_;
};

TEST_F(RedisStoreTest, ValuesExpire) {
  auto options = options_of(shared().url());
  auto store = open(options);
  StoreEntry entry = entry_of(1);
  entry.ttl = 100s;
  ASSERT_TRUE(put(*store, entry));
  ASSERT_TRUE(put(*store, entry_of(2)));
  const auto short_one = shared().ask({"PTTL", RedisKeys(options.prefix).value(key_of(1))}).integer;
  EXPECT_GT(short_one, 80'000);
  EXPECT_LE(short_one, 110'000);
  const auto default_one =
      shared().ask({"TTL", RedisKeys(options.prefix).value(key_of(2))}).integer;
  EXPECT_GT(default_one, 24 * 3600 * 89 / 100);
  EXPECT_LE(default_one, 24 * 3600 * 110 / 100);
  options.ttl = 0s;
  options.prefix = prefix_of_test();
  auto forever = open(options);
  ASSERT_TRUE(put(*forever, entry_of(3)));
  EXPECT_EQ(shared().ask({"TTL", RedisKeys(options.prefix).value(key_of(3))}).integer, -1);
}

TEST_F(RedisStoreTest, WhatItsGroupCanNotListIsNotKept) {
  const auto options = options_of(shared().url());
  auto store = open(options);
  StoreEntry entry = entry_of(1);
  entry.tenant = tag_of(1);
  const std::string group =
      RedisKeys(options.prefix).group(GroupKind::tenant, tag_of(1), bucket_of(entry.key));
  shared().ask({"LPUSH", group, "x"});
  EXPECT_FALSE(put(*store, entry));
  EXPECT_FALSE(has(*store, 1)) << "an erasure of the tenant would leave it";
  EXPECT_EQ(store->health().state, StoreState::degraded);
  shared().ask({"UNLINK", group});
  EXPECT_TRUE(put(*store, entry));
  EXPECT_TRUE(has(*store, 1));
  EXPECT_EQ(store->health().state, StoreState::on) << store->health().reason;
}

TEST_F(RedisStoreTest, AnotherTypeUnderAKeyIsAMiss) {
  const auto options = options_of(shared().url());
  auto store = open(options);
  shared().ask({"LPUSH", RedisKeys(options.prefix).value(key_of(1)), "x"});
  const auto found = find(*store, 1);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->front(), std::nullopt);
  EXPECT_TRUE(put(*store, entry_of(1))) << "SET replaces it";
  EXPECT_TRUE(has(*store, 1));
}

TEST_F(RedisStoreTest, GroupsAreErasedWithExactCounts) {
  auto store = open(options_of(shared().url()));
  std::vector<StoreEntry> entries;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    entries.push_back(entry_of(i, 10));
    entries.back().tenant = tag_of(i % 2 == 0 ? 1 : 2);
    entries.back().tokenizer = tag_of(i % 3 == 0 ? 3 : 4);
  }
  ASSERT_TRUE(store->put_many(entries, Deadline::after(30s)));
  ASSERT_TRUE(store->put_many(entries, Deadline::after(30s))) << "again: not counted twice";
  EXPECT_EQ(store->erase_many(std::vector{key_of(0), key_of(1)}, Deadline::after(5s)).value(), 2U);
  EXPECT_EQ(store->erase_group(GroupKind::tokenizer, tag_of(3), Deadline::after(30s)).value(),
            999U);
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of(1), Deadline::after(30s)).value(), 1000U);
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of(1), Deadline::after(30s)).value(), 0U);
  EXPECT_EQ(store->usage(Deadline::after(30s))->entries, 999U)
      << "of the other tenant all are there";
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of(2), Deadline::after(30s)).value(), 999U);
  EXPECT_EQ(store->usage(Deadline::after(30s))->entries, 0U);
}

TEST_F(RedisStoreTest, TenantsKeepToTheirQuota) {
  auto options = options_of(shared().url());
  options.tenant_quota_bytes = 2 * MiB;
  auto store = open(options);
  const auto put_some = [&](std::uint8_t tenant, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t begin = from; begin < to; begin += 50) {
      std::vector<StoreEntry> entries;
      for (std::uint64_t i = begin; i < begin + 50; ++i) {
        entries.push_back(entry_of(i, 1000));
        entries.back().tenant = tag_of(tenant);
      }
      const auto put = store->put_many(entries, Deadline::after(30s));
      ASSERT_TRUE(put) << put.error().message;
    }
  };
  put_some(1, 0, 500);          // 0.7 MiB as it is charged: within its quota
  put_some(2, 10'000, 18'000);  // 11 MiB
  std::uint64_t of_first = 0;
  for (std::uint64_t i = 0; i < 500; ++i) of_first += has(*store, i) ? 1 : 0;
  EXPECT_EQ(of_first, 500U) << "another tenant's writes took them";
  const auto usage = store->usage(Deadline::after(30s));
  ASSERT_TRUE(usage);
  const std::uint64_t of_second = usage->entries - of_first;
  EXPECT_LE(of_second * 1380, options.tenant_quota_bytes + 100'000);
  EXPECT_GE(of_second * 1380, options.tenant_quota_bytes / 4 * 3) << "a quota is there to be used";
  EXPECT_TRUE(has(*store, 17'999)) << "what is newest stays";
}

TEST_F(RedisStoreTest, LeasesAreHeldByOne) {
  const auto options = options_of(shared().url());
  auto one = open(options);
  auto other = open(options);
  const auto soon = [] { return Deadline::after(5s); };
  const auto lease = one->try_lease(key_of(1), 60s, soon());
  ASSERT_TRUE(lease && *lease);
  EXPECT_EQ(other->try_lease(key_of(1), 60s, soon()).value(), std::nullopt);
  EXPECT_FALSE(other->release_lease(key_of(1), "not it", soon()).value());
  EXPECT_EQ(other->try_lease(key_of(1), 60s, soon()).value(), std::nullopt);
  EXPECT_TRUE(one->release_lease(key_of(1), **lease, soon()).value());
  EXPECT_TRUE(other->try_lease(key_of(1), 50ms, soon()).value());
  EXPECT_TRUE(time_until(5s, [&] {
    return one->try_lease(key_of(1), 60s, soon()).value().has_value();
  })) << "it ends by itself";
}

TEST_F(RedisStoreTest, ErasuresAreHeardByOthersWithinASecond) {
  const auto options = options_of(shared().url());
  auto writer = open(options);
  auto reader = open(options);
  auto stranger = open(options_of(shared().url()));
  Ear ear;
  Ear own;
  Ear strange;
  listen(*reader, ear);
  listen(*writer, own);
  listen(*stranger, strange);
  ASSERT_TRUE(put(*writer, entry_of(1)));
  EXPECT_EQ(writer->erase_many(std::vector{key_of(1), key_of(2)}, Deadline::after(5s)).value(), 1U);
  EXPECT_TRUE(time_until(1s, [&] { return ear.heard(key_of(1)); }));
  EXPECT_TRUE(time_until(1s, [&] { return ear.heard(key_of(2)); }))
      << "others may have copies of what is gone here";
  EXPECT_TRUE(time_until(1s, [&] { return own.heard(key_of(1)); })) << "one's own, too";
  ASSERT_TRUE(writer->erase_group(GroupKind::tenant, tag_of(7), Deadline::after(5s)));
  EXPECT_TRUE(time_until(1s, [&] { return ear.heard(GroupKind::tenant, tag_of(7)); }));
  EXPECT_FALSE(ear.heard(GroupKind::tokenizer, tag_of(7)));
  const int lost = ear.lost_count();
  ASSERT_TRUE(put(*writer, entry_of(3)));
  std::this_thread::sleep_for(50ms);
  EXPECT_FALSE(ear.heard(key_of(3))) << "a write is no erasure";
  EXPECT_FALSE(strange.heard(key_of(1))) << "another prefix";
  shared().ask({"FLUSHALL"});
  EXPECT_TRUE(time_until(1s, [&] { return ear.lost_count() > lost; }));
  reader->listen(nullptr);
}

// What is copied or encoded before there is a link is lost when it comes up: a process that asks at once must not lose that.
TEST_F(RedisStoreTest, ListeningBeginsWithTheLinkUp) {
  auto store = open(options_of(shared().url()));
  Ear ear;
  store->listen(&ear);
  EXPECT_TRUE(time_until(5s, [&] { return store->health().state == StoreState::on; }));
  EXPECT_EQ(ear.lost_count(), 1) << "told before health is on";
  ASSERT_TRUE(put(*store, entry_of(1)));
  EXPECT_TRUE(has(*store, 1));
  EXPECT_EQ(ear.lost_count(), 1);
  Ear later;
  store->listen(&later);
  EXPECT_TRUE(time_until(5s, [&] { return later.lost_count() == 1; })) << "nobody heard in between";
}

TEST_F(RedisStoreTest, ALostLinkIsTold) {
  auto server = server_of();
  auto store = open(options_of(server->url()));
  Ear ear;
  listen(*store, ear);
  int lost = ear.lost_count();
  server->ask({"CLIENT", "KILL", "TYPE", "normal"});
  EXPECT_TRUE(time_until(1s, [&] { return ear.lost_count() > lost; })) << "when it is cut";
  // Twice: when it was cut and when it is back; from then on erasures are heard again.
  EXPECT_TRUE(time_until(5s, [&] { return ear.lost_count() >= lost + 2; }));
  ASSERT_TRUE(store->erase_many(std::vector{key_of(1)}, Deadline::after(5s)));
  EXPECT_TRUE(time_until(1s, [&] { return ear.heard(key_of(1)); }));

  lost = ear.lost_count();
  server->signal(SIGSTOP);
  const auto noticed = time_until(4s, [&] { return ear.lost_count() > lost; });
  EXPECT_TRUE(noticed) << "a silent link is lost after 3 s at most";
  if (noticed)
    std::printf("a silent link was noticed after %ld ms\n", static_cast<long>(noticed->count()));
  server->signal(SIGCONT);
  store->close();
}

TEST_F(RedisStoreTest, AServerThatHangs) {
  auto server = server_of();
  auto store = open(options_of(server->url()));
  ASSERT_TRUE(put(*store, entry_of(1)));
  server->signal(SIGSTOP);
  const auto began = Deadline::SteadyClock::now();
  std::chrono::nanoseconds longest{0};
  const auto open_after = time_until(5s, [&] {
    const auto before = Deadline::SteadyClock::now();
    EXPECT_FALSE(find(*store, 1, 100ms));
    longest = std::max<std::chrono::nanoseconds>(longest, Deadline::SteadyClock::now() - before);
    return store->health().state == StoreState::off;
  });
  ASSERT_TRUE(open_after);
  const auto took = Deadline::SteadyClock::now() - began;
  std::printf("opened after %.0f ms; the longest call took %.0f ms of 100\n",
              std::chrono::duration<double, std::milli>(took).count(),
              std::chrono::duration<double, std::milli>(longest).count());
  EXPECT_LT(took, 1s);
  EXPECT_LT(longest, 300ms);
  EXPECT_EQ(find(*store, 1).error().code, Errc::unavailable);
  server->signal(SIGCONT);
  const auto closed_after = time_until(5s, [&] { return store->health().state == StoreState::on; });
  ASSERT_TRUE(closed_after) << store->health().reason;
  std::printf("closed %ld ms after it went on\n", static_cast<long>(closed_after->count()));
  EXPECT_TRUE(has(*store, 1));
}

TEST_F(RedisStoreTest, AServerThatIsKilledAndComesBack) {
  auto server = server_of();
  auto store = open(options_of(server->url()));
  ASSERT_TRUE(put(*store, entry_of(1)));
  server->kill();
  EXPECT_TRUE(time_until(1s, [&] {
    EXPECT_FALSE(find(*store, 1, 100ms));
    return store->health().state == StoreState::off;
  }));
  ASSERT_TRUE(server->restart());
  const auto back = time_until(5s, [&] { return store->health().state == StoreState::on; });
  ASSERT_TRUE(back) << store->health().reason;
  std::printf("back after %ld ms\n", static_cast<long>(back->count()));
  EXPECT_FALSE(has(*store, 1));
  EXPECT_TRUE(put(*store, entry_of(1)));
  EXPECT_TRUE(has(*store, 1));
}

TEST_F(RedisStoreTest, OneLostConnectionFailsNoCall) {
  auto store = open(options_of(shared().url()));
  ASSERT_TRUE(put(*store, entry_of(1)));
  for (int i = 0; i < 3; ++i) {
    for (int call = 0; call < 20; ++call) EXPECT_TRUE(has(*store, 1));
    shared().ask({"CLIENT", "KILL", "TYPE", "normal"});
    EXPECT_TRUE(has(*store, 1)) << i;
  }
}

TEST_F(RedisStoreTest, NobodyListens) {
  auto options = options_of("redis://127.0.0.1:1");
  auto store = open(options);
  ASSERT_NE(store, nullptr) << "a server that is not there is no error of open()";
  EXPECT_FALSE(find(*store, 1));
  EXPECT_TRUE(time_until(1s, [&] { return store->health().state == StoreState::off; }));
  EXPECT_EQ(find(*store, 1).error().code, Errc::unavailable);
}

TEST_F(RedisStoreTest, AReplicaRefusesWritesOnly) {
  auto master = server_of();
  ServerOptions of_replica;
  of_replica.arguments = {"--replicaof", "127.0.0.1 " + std::to_string(master->port())};
  auto replica = server_of(of_replica);
  ASSERT_TRUE(replica->wait_for({"INFO", "replication"}, "master_link_status:up"));
  auto options = options_of(replica->url());
  auto store = open(options);
  const auto refused = put(*store, entry_of(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_FALSE(store->erase_many(std::vector{key_of(1)}, Deadline::after(5s)));
  EXPECT_EQ(store->health().state, StoreState::degraded);
  EXPECT_NE(store->health().reason.find("READONLY"), std::string::npos) << store->health().reason;
  const auto found = find(*store, 1);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->front(), std::nullopt);
  replica->ask({"REPLICAOF", "NO", "ONE"});
  EXPECT_TRUE(put(*store, entry_of(1)));
  EXPECT_EQ(store->health().state, StoreState::on)
      << "what no write was taken for is over: " << store->health().reason;
}

TEST_F(RedisStoreTest, AFullServerRefusesWritesOnly) {
  auto server = server_of();
  auto store = open(options_of(server->url()));
  StoreEntry entry = entry_of(1);
  entry.tenant = tag_of(1);
  ASSERT_TRUE(put(*store, entry));
  server->ask({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  server->ask({"CONFIG", "SET", "maxmemory", "1"});
  for (const bool grouped : {false, true}) {
    StoreEntry more = entry_of(2);
    if (grouped) more.tenant = tag_of(1);
    const auto refused = put(*store, more);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_NE(refused.error().message.find("OOM"), std::string::npos);
  }
  EXPECT_EQ(store->health().state, StoreState::degraded);
  EXPECT_TRUE(has(*store, 1));
  server->ask({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(put(*store, entry_of(2)));
  EXPECT_EQ(store->health().state, StoreState::on) << store->health().reason;
}

TEST_F(RedisStoreTest, AServerThatLoads) {
  ServerOptions with;
  with.arguments = {"--loading-process-events-interval-bytes", "1024"};
  auto server = server_of(with);
  auto store = open(options_of(server->url()));
  ASSERT_TRUE(put(*store, entry_of(1)));
  server->ask({"DEBUG", "POPULATE", "10000", "filler", "100"});
  server->ask({"CONFIG", "SET", "save", "3600 1"});
  ASSERT_TRUE(server->ask({"SAVE"}).is_ok());
  server->ask(
      {"CONFIG", "SET", "key-load-delay", "100"});  // Microseconds a key: at least one second.
  std::jthread reload([&] { server->ask({"DEBUG", "RELOAD", "NOSAVE"}); });
  std::string said;
  EXPECT_TRUE(time_until(3s, [&] {
    const auto found = find(*store, 1, 500ms);
    if (!found) said += found.error().message + "\n";
    return store->health().state == StoreState::off;
  }));
  EXPECT_NE(said.find("LOADING"), std::string::npos) << said;
  reload.join();
  EXPECT_TRUE(time_until(5s, [&] { return has(*store, 1); })) << store->health().reason;
  EXPECT_EQ(store->health().state, StoreState::on) << store->health().reason;
}

TEST_F(RedisStoreTest, RightsThatAreTaken) {
  ServerOptions with;
  with.acl = true;
  auto server = server_of(with);
  auto store = open(options_of(server->url()));
  ASSERT_TRUE(put(*store, entry_of(1)));
  server->ask({"ACL", "SETUSER", "leyden", "-set"});
  const auto refused = put(*store, entry_of(2));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("NOPERM"), std::string::npos) << refused.error().message;
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  EXPECT_EQ(store->health().state, StoreState::degraded);
  EXPECT_TRUE(has(*store, 1));
  server->ask({"ACL", "SETUSER", "leyden", "+set"});
  EXPECT_TRUE(put(*store, entry_of(2)));
  EXPECT_EQ(store->health().state, StoreState::on);

  auto wrong = options_of(server->url());
  wrong.password = "of-another";
  auto stranger = open(wrong);
  const auto denied = find(*stranger, 1);
  ASSERT_FALSE(denied);
  EXPECT_NE(denied.error().message.find("WRONGPASS"), std::string::npos) << denied.error().message;
  EXPECT_EQ(denied.error().message.find("of-another"), std::string::npos);
  EXPECT_EQ(stranger->health().state, StoreState::off);
}

TEST_F(RedisStoreTest, TheLeastRightsAreEnoughForAll) {
  ServerOptions with;
  with.acl = with.tls = true;
  auto server = server_of(with);
  auto options = options_of(server->url());
  options.tenant_quota_bytes = 1 * MiB;
  auto store = open(options);
  Ear ear;
  listen(*store, ear);
  for (std::uint64_t i = 0; i < 30; ++i) {
    StoreEntry entry = entry_of(i, 20'000);
    entry.tenant = tag_of(1);
    const auto well = put(*store, entry);
    ASSERT_TRUE(well) << well.error().message;
  }
  EXPECT_TRUE(store->usage(Deadline::after(5s)));
  EXPECT_TRUE(store->erase_many(std::vector{key_of(1)}, Deadline::after(5s)));
  EXPECT_TRUE(time_until(1s, [&] { return ear.heard(key_of(1)); }));
  EXPECT_TRUE(store->erase_group(GroupKind::tenant, tag_of(1), Deadline::after(5s)));
  const auto lease = store->try_lease(key_of(1), 10s, Deadline::after(5s));
  ASSERT_TRUE(lease && *lease);
  EXPECT_TRUE(store->release_lease(key_of(1), **lease, Deadline::after(5s)).value());
  EXPECT_EQ(server->ask({"ACL", "LOG"}).items.size(), 0U) << "something was denied";
}

TEST_F(RedisStoreTest, TlsVerifiesWhoAnswers) {
  ServerOptions with;
  with.tls = true;
  auto server = server_of(with);
  const auto good = options_of(server->url());
  EXPECT_TRUE(put(*open(good), entry_of(1)));

  auto system_ca = good;
  system_ca.tls_options.ca_file.clear();
  EXPECT_FALSE(put(*open(system_ca), entry_of(1))) << "an authority that nobody trusts";
  auto other_name = good;
  other_name.tls_options.server_name = "elsewhere.example";
  EXPECT_FALSE(put(*open(other_name), entry_of(1))) << "a certificate for another name";
  auto by_name = good;
  by_name.tls_options.server_name = "localhost";
  EXPECT_TRUE(put(*open(by_name), entry_of(1)));
  auto nameless = good;
  nameless.tls_options.certificate_file.clear();
  nameless.tls_options.key_file.clear();
  EXPECT_FALSE(put(*open(nameless), entry_of(1))) << "the server wants a certificate of ours";
  auto missing = good;
  missing.tls_options.ca_file = "/nowhere/ca.pem";
  const auto refused = RedisStore::open(missing, kClock);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("/nowhere/ca.pem"), std::string::npos);
}

TEST_F(RedisStoreTest, ADatabaseOfItsOwn) {
  auto options = options_of(shared().url() + "/3");
  auto store = open(options);
  ASSERT_TRUE(put(*store, entry_of(1)));
  options.database = 0;
  EXPECT_FALSE(has(*open(options), 1));
}

TEST_F(RedisStoreTest, AnOlderProtocol) {
  ServerOptions with;  // As a proxy or an old server would: no HELLO.
  with.arguments = {"--rename-command", "HELLO", ""};
  auto server = server_of(with);
  server->ask({"ACL", "SETUSER", "someone", "on", ">a-secret", "+@all", "~*"});
  auto options = options_of(server->url());
  options.username = "someone";
  options.password = "a-secret";
  auto store = open(options);
  ASSERT_TRUE(put(*store, entry_of(1)));
  EXPECT_TRUE(has(*store, 1));
  Ear ear;
  store->listen(&ear);
  EXPECT_TRUE(time_until(2s, [&] { return store->health().state == StoreState::degraded; }))
      << "nobody tells of erasures";
  EXPECT_EQ(store->health().reason.find("a-secret"), std::string::npos) << "the server quotes it";
  EXPECT_TRUE(time_until(5s, [&] { return has(*store, 1) && ear.lost_count() >= 1; }))
      << "so copies are forgotten from time to time";
}

TEST_F(RedisStoreTest, ClosesForGood) {
  auto store = open(options_of(shared().url()));
  ASSERT_TRUE(put(*store, entry_of(1)));
  Ear ear;
  listen(*store, ear);
  store->close();
  store->close();
  EXPECT_EQ(store->health().state, StoreState::off);
  EXPECT_EQ(find(*store, 1).error().code, Errc::unavailable);
  EXPECT_EQ(put(*store, entry_of(1)).error().code, Errc::unavailable);
}

TEST_F(RedisStoreTest, CloseEndsWhatIsUnderWay) {
  auto server = server_of();
  auto options = options_of(server->url());
  options.command_timeout = options.stall_timeout = 60s;
  auto store = open(options);
  ASSERT_TRUE(put(*store, entry_of(1)));
  server->signal(SIGSTOP);
  std::atomic<bool> ended{false};
  std::jthread caller([&] {
    EXPECT_FALSE(find(*store, 1, 60s));
    ended = true;
  });
  std::this_thread::sleep_for(50ms);
  store->close();
  EXPECT_TRUE(time_until(1s, [&] { return ended.load(); }));
  server->signal(SIGCONT);
}

TEST_F(RedisStoreTest, ThousandCyclesLeaveNothing) {
  const auto options = options_of(shared().url());
  const auto cycle = [&](int i) {
    auto store = open(options);
    Ear ear;
    if (i % 2 == 0) store->listen(&ear);
    if (i % 10 != 0) {
      EXPECT_TRUE(find(*store, 1));
    }
    store->close();
  };
  cycle(1);
  const std::size_t threads = threads_now();
  const std::size_t files = files_now();
  for (int i = 0; i < 1000; ++i) cycle(i);
  EXPECT_EQ(threads_now(), threads);
  EXPECT_EQ(files_now(), files);
}

TEST_F(RedisStoreTest, EightThreadsAndACloseInBetween) {
  auto store = open(options_of(shared().url()));
  Ear ear;
  store->listen(&ear);
  std::atomic<int> wrong{0};
  std::atomic<int> calls{0};
  std::atomic<bool> closing{false};
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; calls < 3000; ++i, ++calls) {
          const std::uint64_t number = (t * 7 + i) % 50;
          bool well = true;
          if (i % 5 == 0) {
            StoreEntry entry = entry_of(number, 10 + number * 50);
            entry.tenant = tag_of(1);
            well = put(*store, entry).has_value();
          } else if (i % 31 == 0) {
            well = store->erase_many(std::vector{key_of(number)}, Deadline::after(5s)).has_value();
          } else {
            const auto found = find(*store, number);
            well = found && (!found->front() ||
                             *found->front() == Bytes(10 + number * 50, std::byte(number)));
          }
          if (!well && !closing) ++wrong;
        }
      });
    }
    time_until(60s, [&] { return calls > 2500; });
    closing = true;
    store->close();
  }
  EXPECT_EQ(wrong, 0);
}

TEST(RedisSentinel, FollowsAFailover) {
  auto trio = SentinelTrio::start();
  ASSERT_TRUE(trio) << trio.error().message;
  auto store = open(options_of((*trio)->url()));
  Ear ear;
  listen(*store, ear);
  ASSERT_TRUE(put(*store, entry_of(1)));
  const int lost = ear.lost_count();
  (*trio)->master->kill();
  const auto began = Deadline::SteadyClock::now();
  const auto back = time_until(20s, [&] { return put(*store, entry_of(2)).has_value(); });
  ASSERT_TRUE(back) << store->health().reason;
  std::printf(
      "a new master after %.0f ms\n",
      std::chrono::duration<double, std::milli>(Deadline::SteadyClock::now() - began).count());
  EXPECT_TRUE(has(*store, 2));
  EXPECT_GT(ear.lost_count(), lost);
  EXPECT_TRUE((*trio)->replica->ask({"ROLE"}).items.front().text() == "master");
  // The old one comes back and says that it is a master, too, until the Sentinels tell it otherwise: nothing is written to it.
  ASSERT_TRUE((*trio)->master->restart());
  for (std::uint64_t i = 10; i < 20; ++i) EXPECT_TRUE(put(*store, entry_of(i)));
  EXPECT_EQ((*trio)->replica->ask({"DBSIZE"}).integer, 12);
  EXPECT_TRUE(time_until(5s, [&] { return store->health().state == StoreState::on; }))
      << store->health().reason;
}

TEST(RedisSentinel, NoSentinelAnswers) {
  auto store = open(options_of("redis+sentinel://127.0.0.1:1,127.0.0.1:2/main"));
  EXPECT_EQ(find(*store, 1).error().code, Errc::unavailable);
  EXPECT_EQ(store->health().state, StoreState::off);
}

class RedisClusterTest : public ::testing::TestWithParam<std::string> {};

TEST_P(RedisClusterTest, MovesAndFailovers) {
  if (!testing::have_server(GetParam()))
    GTEST_SKIP() << "no " << GetParam() << "-server is installed";
  auto started = RedisCluster::start(GetParam());
  ASSERT_TRUE(started) << started.error().message;
  RedisCluster& cluster = **started;
  auto options = options_of(cluster.url());
  auto store = open(options);
  auto other = open(options);
  Ear ear;
  listen(*other, ear);
  std::vector<StoreEntry> entries;
  std::vector<BlockKey> keys;
  for (std::uint64_t i = 0; i < 500; ++i) {
    entries.push_back(entry_of(i));
    entries.back().tenant = tag_of(1);
    keys.push_back(key_of(i));
  }
  const auto all_there = [&] {
    const auto found = store->find_many(keys, Deadline::after(5s));
    return found &&
           std::ranges::all_of(*found, [](const auto& value) { return value.has_value(); });
  };
  ASSERT_TRUE(store->put_many(entries, Deadline::after(30s)));
  EXPECT_TRUE(all_there());
  for (int i = 0; i < 3; ++i)
    EXPECT_GT(cluster.nodes[i]->ask({"DBSIZE"}).integer, 100) << "values are spread";
  EXPECT_EQ(store->erase_many(std::span(keys).first(50), Deadline::after(5s)).value(), 50U);
  EXPECT_TRUE(time_until(1s, [&] {
    return std::ranges::all_of(std::span(keys).first(50),
                               [&](const auto& key) { return ear.heard(key); });
  }));
  ASSERT_TRUE(store->put_many(entries, Deadline::after(30s)));

  // A slot that is being moved: what is not there any more is asked for at its new place (ASK).
  const unsigned bucket = bucket_of(keys[0]);
  const unsigned slot = slot_of(bucket);
  const int from = slot <= 5460 ? 0 : slot <= 10922 ? 1 : 2;
  const int to = (from + 1) % 3;
  const std::string from_id(cluster.nodes[from]->ask({"CLUSTER", "MYID"}).text());
  const std::string to_id(cluster.nodes[to]->ask({"CLUSTER", "MYID"}).text());
  cluster.nodes[to]->ask({"CLUSTER", "SETSLOT", std::to_string(slot), "IMPORTING", from_id});
  cluster.nodes[from]->ask({"CLUSTER", "SETSLOT", std::to_string(slot), "MIGRATING", to_id});
  EXPECT_TRUE(all_there());
  std::vector<StoreEntry> fresh;  // New keys of the slot go to the new place.
  for (std::uint64_t i = 1000; fresh.size() < 5; ++i) {
    if (bucket_of(key_of(i)) == bucket) fresh.push_back(entry_of(i));
  }
  EXPECT_TRUE(store->put_many(std::span(fresh).first(1), Deadline::after(5s)));
  const auto found = store->find_many(std::vector{fresh[0].key}, Deadline::after(5s));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->front());
  while (true) {
    const auto page =
        cluster.nodes[from]->ask({"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), "10"});
    if (page.items.empty()) break;
    for (const auto& name : page.items) {
      cluster.nodes[from]->ask({"MIGRATE", "127.0.0.1", std::to_string(cluster.nodes[to]->port()),
                                std::string(name.text()), "0", "5000"});
    }
  }
  for (const int node : {to, from})
    cluster.nodes[node]->ask({"CLUSTER", "SETSLOT", std::to_string(slot), "NODE", to_id});
  EXPECT_TRUE(all_there()) << "after MOVED";

  // An orderly failover, and then a master that dies.
  ASSERT_TRUE(cluster.nodes[3]->wait_for({"CLUSTER", "FAILOVER"}, "OK"));
  EXPECT_TRUE(time_until(15s, all_there)) << store->health().reason;
  ASSERT_TRUE(cluster.nodes[3]->wait_for({"INFO", "replication"}, "role:master"));
  const int lost = ear.lost_count();
  cluster.nodes[1]->kill();
  const auto began = Deadline::SteadyClock::now();
  EXPECT_TRUE(time_until(20s, [&] {
    return store->put_many(entries, Deadline::after(5s)).has_value();
  })) << store->health().reason;
  std::printf(
      "all slots served again after %.0f ms\n",
      std::chrono::duration<double, std::milli>(Deadline::SteadyClock::now() - began).count());
  EXPECT_TRUE(all_there());
  EXPECT_TRUE(time_until(10s, [&] {
    return ear.lost_count() > lost && other->health().state == StoreState::on;
  })) << other->health().reason;
  EXPECT_EQ(store->erase_group(GroupKind::tenant, tag_of(1), Deadline::after(30s)).value(), 500U);
  EXPECT_TRUE(time_until(1s, [&] { return ear.heard(GroupKind::tenant, tag_of(1)); }));
}

INSTANTIATE_TEST_SUITE_P(Kinds, RedisClusterTest, ::testing::Values("redis", "valkey"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace leyden::cache
