// What only this store does, and how it lives and ends. The contract of all stores: redis_contract_test.cc.
#include <atomic>
#include <csignal>
#include <filesystem>
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
using testing::next_prefix;
using testing::open;
using testing::options_of;
using testing::put;
using testing::RecordingListener;
using testing::RedisStoreTest;
using testing::server_of;
using testing::ServerOptions;
using testing::tag_of;
using testing::time_until;

std::size_t threads_now() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}
std::size_t files_now() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

const SystemClock kClock;

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
  options.prefix = next_prefix();
  auto forever = open(options);
  ASSERT_TRUE(put(*forever, entry_of(3)));
  EXPECT_EQ(shared().ask({"TTL", RedisKeys(options.prefix).value(key_of(3))}).integer, -1);
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

TEST_F(RedisStoreTest, TheLeastRightsAreEnoughForAll) {
  RecordingListener ear;
  ServerOptions with;
  with.acl = with.tls = true;
  auto server = server_of(with);
  auto options = options_of(server->url());
  options.tenant_quota_bytes = 1 * MiB;
  auto store = open(options);
  listen(*store, ear);
  for (std::uint64_t i = 0; i < 30; ++i) {
    StoreEntry entry = entry_of(i, 20'000);
    entry.tenant = tag_of(1);
    const auto well = put(*store, entry);
    ASSERT_TRUE(well) << well.error().message;
  }
  EXPECT_TRUE(store->usage(Deadline::after(5s)));
  EXPECT_TRUE(store->erase_many(std::vector{key_of(1)}, Deadline::after(5s)));
  EXPECT_TRUE(time_until(1s, [&] { return ear.has_heard(key_of(1)); }));
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

TEST_F(RedisStoreTest, ClosesForGood) {
  RecordingListener ear;
  auto store = open(options_of(shared().url()));
  ASSERT_TRUE(put(*store, entry_of(1)));
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
    RecordingListener ear;
    auto store = open(options);
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
  RecordingListener ear;
  auto store = open(options_of(shared().url()));
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

}  // namespace
}  // namespace leyden::cache
