// docs/redis.md says which rights are enough: here they are given to a user, and nothing else.
#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/clock.h"
#include "leyden/cache/stores/redis/redis_checkup.h"
#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cache/stores/redis/testing/redis_servers.h"
#include "leyden/cache/testing/recording_listener.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::RedisServer;

const SystemClock kClock;
constexpr auto kPatience = 60s;

// The words of the one line in the guide that makes the user.
std::vector<std::string> line_of_guide() {
  std::ifstream guide(std::string(LEYDEN_SOURCE_DIR) + "/docs/redis.md");
  std::vector<std::string> out;
  for (std::string line; std::getline(guide, line);) {
    if (!line.starts_with("    ACL SETUSER leyden ")) continue;
    EXPECT_TRUE(out.empty()) << "two lines";
    std::istringstream words(line);
    for (std::string word; words >> word;) out.push_back(word);
  }
  return out;
}

RedisStoreOptions options_of(const RedisServer& server) {
  auto options = RedisStoreOptions::from_url(
      "redis://leyden:PASSWORD@127.0.0.1:" + std::to_string(server.port()) +
      "?tenant_quota_bytes=6400000");
  EXPECT_TRUE(options) << options.error().message;
  options->connect_timeout = options->stall_timeout = options->command_timeout = kPatience;
  return *options;
}

class RedisGuide : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!testing::have_server(GetParam())) GTEST_SKIP() << "no " << GetParam() << "-server";
    testing::ServerOptions options;
    options.kind = GetParam();
    auto started = RedisServer::start(options);
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  std::unique_ptr<RedisServer> server;
};
INSTANTIATE_TEST_SUITE_P(Servers, RedisGuide, ::testing::Values("redis", "valkey"),
                         [](const auto& instance) { return instance.param; });

TEST_P(RedisGuide, TheLineOfRightsIsEnoughForAllOfTheStore) {
  const std::vector<std::string> line = line_of_guide();
  ASSERT_GT(line.size(), 10);
  ASSERT_TRUE(server->ask(line).is_ok());
  const auto options = options_of(*server);
  auto opened = RedisStore::open(options, kClock);
  ASSERT_TRUE(opened) << opened.error().message;
  RedisStore& store = **opened;
  const auto deadline = Deadline::after(kPatience);

  testing::RecordingListener listener;
  store.listen(&listener);
  StoreEntry entry;
  entry.key.bytes[0] = std::byte{1};
  entry.value.assign(60'000, std::byte{2});
  entry.tenant[0] = entry.tokenizer[0] = std::byte{3};
  entry.ttl = 1h;
  StoreEntry other = entry;  // In the same bucket, so that one has to go: what expires first.
  other.key.bytes[31] = std::byte{1};
  other.ttl = 2h;
  ASSERT_TRUE(store.put_many(std::array{entry}, deadline));
  ASSERT_TRUE(store.put_many(std::array{other}, deadline));
  const auto found = store.find_many(std::array{entry.key, other.key}, deadline);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(std::ranges::count_if(*found, [](const auto& value) { return value.has_value(); }), 1);
  EXPECT_EQ(store.usage(deadline)->entries, 1);
  const auto lease = store.try_lease(entry.key, 10s, deadline);
  ASSERT_TRUE(lease && *lease);
  EXPECT_TRUE(*store.release_lease(entry.key, **lease, deadline));
  EXPECT_EQ(store.erase_many(std::array{entry.key, other.key}, deadline).value_or(0), 1);
  entry.ttl = 3h;  // Stays: what an erased entry was charged with goes first.
  ASSERT_TRUE(store.put_many(std::array{entry}, deadline));
  EXPECT_EQ(store.erase_group(GroupKind::tenant, entry.tenant, deadline).value_or(0), 1);
  EXPECT_EQ(store.health().state, StoreState::on) << store.health().reason;
  store.listen(nullptr);

  for (const Finding& finding : check_redis(options, kClock, Deadline::after(kPatience))) {
    if (finding.id == "rights" || finding.id == "tracking" || finding.id == "write") {
      EXPECT_EQ(finding.severity, Severity::ok) << finding.seen;
    }
  }
}

TEST_P(RedisGuide, EachOfThoseRightsIsNeeded) {
  const std::vector<std::string> line = line_of_guide();
  for (const std::string& right : line) {
    if (!right.starts_with('+')) continue;
    std::vector<std::string> without{"ACL", "SETUSER", "leyden", "reset"};
    std::copy_if(line.begin() + 3, line.end(), std::back_inserter(without),
                 [&](const std::string& word) { return word != right; });
    ASSERT_TRUE(server->ask(without).is_ok());
    const auto findings = check_redis(options_of(*server), kClock, Deadline::after(kPatience));
    EXPECT_TRUE(std::ranges::any_of(findings, [&](const Finding& finding) {
      return finding.severity >= Severity::warning && finding.advice.ends_with(right);
    })) << right;
  }
}

}  // namespace
}  // namespace leyden::cache
