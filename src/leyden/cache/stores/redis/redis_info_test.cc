#include "leyden/cache/stores/redis/redis_info.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

constexpr const char* kGood =
    "# Memory\r\nused_memory:1048576\r\ntotal_system_memory:8589934592\r\nmaxmemory:2147483648\r\n"
    "maxmemory_policy:allkeys-lru\r\naof_enabled:0\r\nrdb_last_bgsave_status:ok\r\n"
    "evicted_keys:0\r\nuptime_in_seconds:86400\r\nmaxclients:10000\r\nconnected_clients:3\r\n"
    "rejected_connections:0\r\n";

struct Change {
  const char* name;
  const char* value;
};

Finding judged(std::initializer_list<Change> changes, const std::string& id,
               const RedisStoreOptions& options = {}) {
  RedisInfo info = RedisInfo::parse(kGood);
  info.set("save", "");
  for (const Change& change : changes) info.set(change.name, change.value);
  Findings out("server");
  judge(info, options, out);
  for (const Finding& finding : out.all()) {
    EXPECT_EQ(finding.severity == Severity::ok, finding.advice.empty()) << finding.seen;
    if (finding.id == id) return finding;
  }
  ADD_FAILURE() << "nothing about " << id;
  return {};
}

TEST(RedisInfo, ParsesLinesAndPassesOverTheRest) {
  const RedisInfo info = RedisInfo::parse(
      "# Server\r\na:1\r\nno colon\n\nb:x:y\nc:\r\nd:12x\nlast:18446744073709551616");
  EXPECT_EQ(info.number("a"), 1);
  EXPECT_EQ(info.text("b"), "x:y");
  EXPECT_EQ(info.text("c"), "");
  for (const char* name : {"b", "c", "d", "absent", "last"})
    EXPECT_EQ(info.number(name), std::nullopt) << name;
}

TEST(RedisInfo, AGoodServerIsAllOk) {
  for (const char* id : {"maxmemory", "policy", "persistence", "eviction", "clients"})
    EXPECT_EQ(judged({}, id).severity, Severity::ok) << id;
  EXPECT_EQ(judged({{"timeout", "0"}}, "timeout").severity, Severity::ok);
}

TEST(RedisInfo, WhatIsNotSaidIsNotJudged) {
  Findings out("server");
  judge(RedisInfo(), {}, out);
  EXPECT_TRUE(out.all().empty());
}

TEST(RedisInfo, Certificates) {
  const std::chrono::system_clock::time_point now =
      std::chrono::sys_days{std::chrono::days{20'000}};
  const auto of = [&](int days) {
    Findings out("server");
    judge_certificate(now + std::chrono::days(days), now, out);
    return out.all().front();
  };
  EXPECT_EQ(of(60).severity, Severity::ok);
  EXPECT_EQ(of(60).seen, "the server's ends on 2024-12-03, in 60 days");
  EXPECT_EQ(of(13).severity, Severity::warning);
}

TEST(RedisInfo, Forks) {
  EXPECT_EQ(judged({{"latest_fork_usec", "300"}}, "fork").severity, Severity::ok);
  EXPECT_EQ(judged({{"latest_fork_usec", "30000"}}, "fork").severity, Severity::note);
  EXPECT_EQ(judged({{"latest_fork_usec", "300000"}}, "fork").severity, Severity::warning);
}

TEST(RedisInfo, Maxmemory) {
  EXPECT_EQ(judged({{"maxmemory", "0"}}, "maxmemory").severity, Severity::warning);
  EXPECT_EQ(judged({{"maxmemory", "1048576"}}, "maxmemory").severity, Severity::warning);
  EXPECT_EQ(judged({{"maxmemory", "8589934592"}}, "maxmemory").severity, Severity::warning);
  RedisStoreOptions forever;
  forever.ttl = std::chrono::seconds(0);
  EXPECT_EQ(judged({{"maxmemory", "0"}}, "maxmemory", forever).severity, Severity::problem);
}

TEST(RedisInfo, Policy) {
  RedisStoreOptions forever;
  forever.ttl = std::chrono::seconds(0);
  RedisStoreOptions quotas;
  quotas.tenant_quota_bytes = MiB;
  const auto of = [](const char* policy, const RedisStoreOptions& options) {
    return judged({{"maxmemory_policy", policy}}, "policy", options).severity;
  };
  EXPECT_EQ(of("noeviction", {}), Severity::warning);
  EXPECT_EQ(of("noeviction", quotas), Severity::note);
  EXPECT_EQ(judged({{"maxmemory_policy", "noeviction"}, {"maxmemory", "0"}}, "policy").severity,
            Severity::note);
  EXPECT_EQ(of("volatile-ttl", {}), Severity::ok);
  EXPECT_EQ(of("volatile-ttl", forever), Severity::problem);
  EXPECT_EQ(of("allkeys-lfu", forever), Severity::ok);
  EXPECT_EQ(of("allkeys-random", {}), Severity::note);
}

TEST(RedisInfo, Persistence) {
  EXPECT_EQ(judged({{"aof_enabled", "1"}}, "persistence").severity, Severity::note);
  EXPECT_EQ(judged({{"save", "3600 1"}}, "persistence").severity, Severity::note);
  EXPECT_EQ(judged({{"save", "3600 1"}, {"rdb_last_bgsave_status", "err"}}, "persistence").severity,
            Severity::problem);
  EXPECT_EQ(
      judged({{"aof_enabled", "1"}, {"aof_last_write_status", "err"}}, "persistence").severity,
      Severity::problem);
}

TEST(RedisInfo, EvictionPressure) {
  EXPECT_EQ(judged({{"used_memory", "2147483647"}}, "eviction").severity, Severity::ok);
  EXPECT_EQ(judged({{"evicted_keys", "12"}}, "eviction").severity, Severity::note);
  EXPECT_EQ(judged({{"used_memory", "2147483647"}, {"maxmemory_policy", "noeviction"}}, "eviction")
                .severity,
            Severity::problem);
  EXPECT_EQ(judged({{"used_memory", "1836000000"}, {"maxmemory_policy", "noeviction"}}, "eviction")
                .severity,
            Severity::warning);
}

TEST(RedisInfo, ClientsAndTimeout) {
  EXPECT_EQ(judged({{"connected_clients", "9000"}}, "clients").severity, Severity::warning);
  EXPECT_EQ(judged({{"rejected_connections", "1"}}, "clients").severity, Severity::warning);
  EXPECT_EQ(judged({{"timeout", "5"}}, "timeout").severity, Severity::note);
  EXPECT_EQ(judged({{"timeout", "300"}}, "timeout").severity, Severity::ok);
}

TEST(RedisInfo, Version) {
  const auto of = [](std::string_view server, std::string_view version) {
    Findings out("server");
    judge_version(server, version, out);
    return out.all().front();
  };
  EXPECT_EQ(of("redis", "6.2.14").severity, Severity::problem);
  EXPECT_EQ(of("redis", "").severity, Severity::problem);
  EXPECT_EQ(of("redis", "7.0.0").seen, "Redis 7.0.0");
  EXPECT_EQ(of("valkey", "8.0.1").seen, "Valkey 8.0.1");
  EXPECT_EQ(of("redis", "10.0.0").severity, Severity::ok);
  EXPECT_EQ(of("other", "7.0.0").seen, "other 7.0.0 (not tested by us)");
}

}  // namespace
}  // namespace leyden::cache
