// What can go wrong with real servers, and that it is over when they are well again. All of it together with the tiers: bench/faults.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/testing/redis_store_fixture.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::entry_of;
using testing::find;
using testing::has;
using testing::key_of;
using testing::listen;
using testing::open;
using testing::options_of;
using testing::put;
using testing::RecordingListener;
using testing::RedisCluster;
using testing::SentinelTrio;
using testing::server_of;
using testing::ServerOptions;
using testing::tag_of;
using testing::time_until;

class RedisFailures : public testing::RedisStoreTest {};

TEST_F(RedisFailures, AServerThatHangs) {
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

TEST_F(RedisFailures, AServerThatIsKilledAndComesBack) {
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

TEST_F(RedisFailures, OneLostConnectionFailsNoCall) {
  auto store = open(options_of(shared().url()));
  ASSERT_TRUE(put(*store, entry_of(1)));
  for (int i = 0; i < 3; ++i) {
    for (int call = 0; call < 20; ++call) EXPECT_TRUE(has(*store, 1));
    shared().ask({"CLIENT", "KILL", "TYPE", "normal"});
    EXPECT_TRUE(has(*store, 1)) << i;
  }
}

TEST_F(RedisFailures, NobodyListens) {
  auto options = options_of("redis://127.0.0.1:1");
  auto store = open(options);
  ASSERT_NE(store, nullptr) << "a server that is not there is no error of open()";
  EXPECT_FALSE(find(*store, 1));
  EXPECT_TRUE(time_until(1s, [&] { return store->health().state == StoreState::off; }));
  EXPECT_EQ(find(*store, 1).error().code, Errc::unavailable);
}

TEST_F(RedisFailures, AReplicaRefusesWritesOnly) {
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

TEST_F(RedisFailures, AFullServerRefusesWritesOnly) {
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

TEST_F(RedisFailures, AServerThatLoads) {
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

TEST_F(RedisFailures, RightsThatAreTaken) {
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

TEST(RedisSentinel, FollowsAFailover) {
  auto trio = SentinelTrio::start();
  ASSERT_TRUE(trio) << trio.error().message;
  auto store = open(options_of((*trio)->url()));
  RecordingListener ear;
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
  RecordingListener ear;
  if (!testing::have_server(GetParam()))
    GTEST_SKIP() << "no " << GetParam() << "-server is installed";
  auto started = RedisCluster::start(GetParam());
  ASSERT_TRUE(started) << started.error().message;
  RedisCluster& cluster = **started;
  auto options = options_of(cluster.url());
  auto store = open(options);
  auto other = open(options);
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
                               [&](const auto& key) { return ear.has_heard(key); });
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
  EXPECT_TRUE(time_until(1s, [&] { return ear.has_heard(GroupKind::tenant, tag_of(1)); }));
}

INSTANTIATE_TEST_SUITE_P(Kinds, RedisClusterTest, ::testing::Values("redis", "valkey"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace leyden::cache
