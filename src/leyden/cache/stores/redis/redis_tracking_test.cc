// Erasures that are heard, and links that are lost.
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/cache/stores/redis/testing/redis_store_fixture.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::entry_of;
using testing::has;
using testing::key_of;
using testing::listen;
using testing::open;
using testing::options_of;
using testing::put;
using testing::RecordingListener;
using testing::server_of;
using testing::ServerOptions;
using testing::tag_of;
using testing::time_until;

class RedisTrackingTest : public testing::RedisStoreTest {};

TEST_F(RedisTrackingTest, ErasuresAreHeardByOthersWithinASecond) {
  RecordingListener ear;
  RecordingListener own;
  RecordingListener strange;
  const auto options = options_of(shared().url());
  auto writer = open(options);
  auto reader = open(options);
  auto stranger = open(options_of(shared().url()));
  listen(*reader, ear);
  listen(*writer, own);
  listen(*stranger, strange);
  ASSERT_TRUE(put(*writer, entry_of(1)));
  EXPECT_EQ(writer->erase_many(std::vector{key_of(1), key_of(2)}, Deadline::after(5s)).value(), 1U);
  EXPECT_TRUE(time_until(1s, [&] { return ear.has_heard(key_of(1)); }));
  EXPECT_TRUE(time_until(1s, [&] { return ear.has_heard(key_of(2)); }))
      << "others may have copies of what is gone here";
  EXPECT_TRUE(time_until(1s, [&] { return own.has_heard(key_of(1)); })) << "one's own, too";
  ASSERT_TRUE(writer->erase_group(GroupKind::tenant, tag_of(7), Deadline::after(5s)));
  EXPECT_TRUE(time_until(1s, [&] { return ear.has_heard(GroupKind::tenant, tag_of(7)); }));
  EXPECT_FALSE(ear.has_heard(GroupKind::tokenizer, tag_of(7)));
  const int lost = ear.lost_count();
  ASSERT_TRUE(put(*writer, entry_of(3)));
  std::this_thread::sleep_for(50ms);
  EXPECT_FALSE(ear.has_heard(key_of(3))) << "a write is no erasure";
  EXPECT_FALSE(strange.has_heard(key_of(1))) << "another prefix";
  shared().ask({"FLUSHALL"});
  EXPECT_TRUE(time_until(1s, [&] { return ear.lost_count() > lost; }));
  reader->listen(nullptr);
}

// A second notice would take what was encoded since for erased.
TEST_F(RedisTrackingTest, AnErasureIsToldOnce) {
  RecordingListener ear;
  const auto options = options_of(shared().url());
  auto store = open(options);
  listen(*store, ear);
  ASSERT_TRUE(store->erase_many(std::vector{key_of(1), key_of(2)}, Deadline::after(5s)));
  ASSERT_TRUE(store->erase_group(GroupKind::tokenizer, tag_of(7), Deadline::after(5s)));
  EXPECT_TRUE(time_until(1s, [&] { return ear.has_heard(GroupKind::tokenizer, tag_of(7)); }));
  const int calls = ear.heard().calls;
  EXPECT_LE(calls, 3);
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(ear.heard().calls, calls);
  EXPECT_TRUE(shared().ask({"KEYS", options.prefix + "*"}).items.empty()) << "no mark is left";
  store->listen(nullptr);
}

// What is copied or encoded before there is a link is lost when it comes up: a process that asks at once must not lose that.
TEST_F(RedisTrackingTest, ListeningBeginsWithTheLinkUp) {
  RecordingListener ear;
  RecordingListener later;
  auto store = open(options_of(shared().url()));
  store->listen(&ear);
  EXPECT_TRUE(time_until(5s, [&] { return store->health().state == StoreState::on; }));
  EXPECT_EQ(ear.lost_count(), 1) << "told before health is on";
  ASSERT_TRUE(put(*store, entry_of(1)));
  EXPECT_TRUE(has(*store, 1));
  EXPECT_EQ(ear.lost_count(), 1);
  store->listen(&later);
  EXPECT_TRUE(time_until(5s, [&] { return later.lost_count() == 1; })) << "nobody heard in between";
}

TEST_F(RedisTrackingTest, ALostLinkIsTold) {
  RecordingListener ear;
  auto server = server_of();
  auto store = open(options_of(server->url()));
  listen(*store, ear);
  int lost = ear.lost_count();
  server->ask({"CLIENT", "KILL", "TYPE", "normal"});
  EXPECT_TRUE(time_until(1s, [&] { return ear.lost_count() > lost; })) << "when it is cut";
  // Twice: when it was cut and when it is back; from then on erasures are heard again.
  EXPECT_TRUE(time_until(5s, [&] { return ear.lost_count() >= lost + 2; }));
  ASSERT_TRUE(store->erase_many(std::vector{key_of(1)}, Deadline::after(5s)));
  EXPECT_TRUE(time_until(1s, [&] { return ear.has_heard(key_of(1)); }));

  lost = ear.lost_count();
  server->signal(SIGSTOP);
  const auto noticed = time_until(4s, [&] { return ear.lost_count() > lost; });
  EXPECT_TRUE(noticed) << "a silent link is lost after 3 s at most";
  if (noticed)
    std::printf("a silent link was noticed after %ld ms\n", static_cast<long>(noticed->count()));
  server->signal(SIGCONT);
  store->close();
}

TEST_F(RedisTrackingTest, AnOlderProtocol) {
  RecordingListener ear;
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
  store->listen(&ear);
  EXPECT_TRUE(time_until(2s, [&] { return store->health().state == StoreState::degraded; }))
      << "nobody tells of erasures";
  EXPECT_EQ(store->health().reason.find("a-secret"), std::string::npos) << "the server quotes it";
  EXPECT_TRUE(time_until(5s, [&] { return has(*store, 1) && ear.lost_count() >= 1; }))
      << "so copies are forgotten from time to time";
}

}  // namespace
}  // namespace leyden::cache
