#include "leyden/cache/stores/redis/redis_options.h"

#include <gtest/gtest.h>

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;

RedisStoreOptions good(std::string_view url) {
  auto parsed = RedisStoreOptions::from_url(url);
  EXPECT_TRUE(parsed) << url << ": " << parsed.error().message;
  return parsed.value_or(RedisStoreOptions{});
}

std::string refused(std::string_view url) {
  auto parsed = RedisStoreOptions::from_url(url);
  EXPECT_FALSE(parsed) << url;
  return parsed ? "" : parsed.error().message;
}

TEST(RedisOptions, OneServer) {
  const auto plain = good("redis://cache.example");
  EXPECT_EQ(plain.mode, RedisMode::single);
  EXPECT_EQ(plain.endpoints, (std::vector<net::Endpoint>{{"cache.example", 6379, ""}}));
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.prefix, "leyden:");

  const auto full = good(
      "rediss://me:p%40ss%2F@[::1]:7000/"
      "3?prefix=team:&ttl_s=60&connections=4&stall_timeout_ms=250&ca_file=/x/ca.pem");
  EXPECT_TRUE(full.tls);
  EXPECT_EQ(full.username, "me");
  EXPECT_EQ(full.password, "p@ss/");
  EXPECT_EQ(full.endpoints.front().text(), "[::1]:7000");
  EXPECT_EQ(full.database, 3U);
  EXPECT_EQ(full.prefix, "team:");
  EXPECT_EQ(full.ttl, 60s);
  EXPECT_EQ(full.connections, 4U);
  EXPECT_EQ(full.stall_timeout, 250ms);
  EXPECT_EQ(full.tls_options.ca_file, "/x/ca.pem");

  const auto default_user = good("redis://:a@b@host/");
  EXPECT_EQ(default_user.username, "");
  EXPECT_EQ(default_user.password, "a@b");
}

TEST(RedisOptions, UnixSocket) {
  const auto options = good("unix://me:secret@/run/redis/redis.sock?db=2");
  EXPECT_EQ(options.endpoints.front().path, "/run/redis/redis.sock");
  EXPECT_EQ(options.password, "secret");
  EXPECT_EQ(options.database, 2U);
}

TEST(RedisOptions, SentinelAndCluster) {
  const auto sentinel = good("redis+sentinel://u:p@a,b:26380,c/mymaster/1?sentinel_password=s");
  EXPECT_EQ(sentinel.mode, RedisMode::sentinel);
  EXPECT_EQ(sentinel.endpoints,
            (std::vector<net::Endpoint>{{"a", 26379, ""}, {"b", 26380, ""}, {"c", 26379, ""}}));
  EXPECT_EQ(sentinel.master_name, "mymaster");
  EXPECT_EQ(sentinel.database, 1U);
  EXPECT_EQ(sentinel.sentinel_password, "s");
  const auto cluster = good("rediss+cluster://a:1,b:2");
  EXPECT_EQ(cluster.mode, RedisMode::cluster);
  EXPECT_TRUE(cluster.tls);
  EXPECT_EQ(cluster.endpoints.size(), 2U);
}

TEST(RedisOptions, ErrorsNameThePart) {
  EXPECT_NE(refused("localhost:6379").find("scheme"), std::string::npos);
  EXPECT_NE(refused("http://localhost").find("scheme"), std::string::npos);
  EXPECT_NE(refused("redis+x://localhost").find("cluster or sentinel"), std::string::npos);
  EXPECT_NE(refused("redis://").find("host 1"), std::string::npos);
  EXPECT_NE(refused("redis+cluster://a,:7").find("host 2"), std::string::npos);
  EXPECT_NE(refused("redis://a:port").find("port of host 1"), std::string::npos);
  EXPECT_NE(refused("redis://a:70000").find("port of host 1"), std::string::npos);
  EXPECT_NE(refused("redis://a/b").find("database"), std::string::npos);
  EXPECT_NE(refused("redis+cluster://a/1").find("database"), std::string::npos);
  EXPECT_NE(refused("redis://a,b").find("redis+cluster"), std::string::npos);
  EXPECT_NE(refused("redis+sentinel://a").find("master's name"), std::string::npos);
  EXPECT_NE(refused("unix://run/x").find("absolute"), std::string::npos);
  EXPECT_NE(refused("redis://a?nonsense=1").find("not known"), std::string::npos);
  EXPECT_NE(refused("redis://a?ttl_s=x").find("ttl_s"), std::string::npos);
  EXPECT_NE(refused("redis://a?ca_file=/x").find("rediss"), std::string::npos);
  EXPECT_NE(refused("redis://a?prefix=a{b}").find("prefix"), std::string::npos);
  EXPECT_NE(refused("redis://user@a").find("without a password"), std::string::npos);
}

TEST(RedisOptions, ErrorsNeverHoldThePassword) {
  for (const char* url :
       {"redis://u:SECRET@a:port", "redis://u:SECRET@", "redis://u:SECRET%@a",
        "redis://u:SECRET/x@a", "redis://u:SECRET?x@a", "redis://u:SECRET#x@a",
        "redis://u:SECRET@a/b", "http://u:SECRET@a", "u:SECRET@a", "redis://u:SECRET@a?SECRET=1",
        "redis://a?sentinel_password=SECRET%", "redis://u:SECRET@a,b",
        "redis://SECRET"
        "%@a"}) {
    EXPECT_EQ(refused(url).find("SECRET"), std::string::npos) << url;
  }
}

}  // namespace
}  // namespace leyden::cache
