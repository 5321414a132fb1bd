// The doctor's look at real servers, each with something wrong.
#include "leyden/cache/stores/redis/redis_checkup.h"

#include <algorithm>
#include <csignal>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "leyden/cache/stores/redis/testing/redis_servers.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using testing::RedisCluster;
using testing::RedisServer;
using testing::SentinelTrio;
using testing::ServerOptions;

const SystemClock kClock;
constexpr const char* kPrefix = "leyden-test:doctor:";

RedisStoreOptions options_of(const std::string& url) {
  auto options = RedisStoreOptions::from_url(url);
  EXPECT_TRUE(options) << options.error().message;
  if (!options) return {};
  options->prefix = kPrefix;
  options->connect_timeout = options->stall_timeout = 10s;
  return *options;
}

std::unique_ptr<RedisServer> server_of(const ServerOptions& options = {}) {
  auto server = RedisServer::start(options);
  EXPECT_TRUE(server) << server.error().message;
  return server ? std::move(*server) : nullptr;
}

struct Look {
  std::vector<Finding> findings;

  // The worst with that id.
  [[nodiscard]] Finding of(const std::string& id) const {
    Finding out;
    for (const Finding& finding : findings) {
      if (finding.id == id && (out.id.empty() || finding.severity > out.severity)) out = finding;
    }
    EXPECT_EQ(out.id, id) << text();
    return out;
  }
  [[nodiscard]] bool has(const std::string& id) const {
    return std::ranges::find(findings, id, &Finding::id) != findings.end();
  }
  // Latencies and clocks are this machine's, whatever it does meanwhile.
  [[nodiscard]] std::string worse_than(Severity severity) const {
    std::string out;
    for (const Finding& finding : findings) {
      if (finding.severity > severity && !finding.id.starts_with("latency"))
        out += finding.id + ": " + finding.seen + "\n";
    }
    return out;
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const Finding& finding : findings) {
      out += fmt::format("{} {} {}: {} -> {}\n", finding.where, finding.id,
                         static_cast<int>(finding.severity), finding.seen, finding.advice);
    }
    return out;
  }
};

Look look(const RedisStoreOptions& options, const Clock& clock = kClock,
          std::chrono::milliseconds patience = 30s) {
  Look out{check_redis(options, clock, Deadline::after(patience))};
  for (const Finding& finding : out.findings) {
    EXPECT_FALSE(finding.id.empty() || finding.where.empty() || finding.seen.empty()) << out.text();
    EXPECT_EQ(finding.advice.empty(), finding.severity == Severity::ok) << finding.seen;
  }
  return out;
}

ServerOptions well_configured(const std::string& kind = "redis") {
  ServerOptions options;
  options.kind = kind;
  options.arguments = {"--maxmemory", "200mb", "--maxmemory-policy", "volatile-ttl"};
  return options;
}

TEST(RedisCheckup, AWellConfiguredServerHasNothingWrongAndKeepsNothing) {
  for (const std::string kind : {"redis", "valkey"}) {
    if (!testing::have_server(kind)) continue;
    auto server = server_of(well_configured(kind));
    ASSERT_TRUE(server);
    auto options = options_of(server->url());
    options.tenant_quota_bytes = 100 * MiB;
    const Look found = look(options);
    EXPECT_EQ(found.worse_than(Severity::ok), "") << found.text();
    for (const char* id : {"reach", "encryption", "version", "topology", "resp3", "maxmemory",
                           "policy", "persistence", "eviction", "clients", "timeout", "clock",
                           "latency", "write", "latency_10kb", "tracking", "rights"})
      EXPECT_TRUE(found.has(id)) << id;
    EXPECT_NE(found.of("version").seen.find(kind == "redis" ? "Redis" : "Valkey"),
              std::string::npos);
    EXPECT_TRUE(server->wait_for({"DBSIZE"}, "0"));  // But for a mark of an erasure, for 1 s.
    const std::string calls(server->ask({"INFO", "commandstats"}).text());
    for (const char* never : {"cmdstat_keys:", "cmdstat_flushall:", "cmdstat_config|set:"})
      EXPECT_EQ(calls.find(never), std::string::npos) << never;
  }
}

TEST(RedisCheckup, AUnixSocketAndTls) {
  auto server = server_of(well_configured());
  ASSERT_TRUE(server);
  EXPECT_NE(look(options_of("unix://" + server->socket())).of("reach").seen.find("unix socket"),
            std::string::npos);
  ServerOptions tls = well_configured();
  tls.tls = true;
  auto secured = server_of(tls);
  ASSERT_TRUE(secured);
  const Look found = look(options_of(secured->url()));
  // Made for the tests, for two days.
  EXPECT_EQ(found.of("certificate").severity, Severity::warning);
  EXPECT_NE(found.of("certificate").seen.find("in 1 days"), std::string::npos) << found.text();
  for (const Finding& finding : found.findings) {
    EXPECT_TRUE(finding.severity == Severity::ok || finding.id == "certificate" ||
                finding.id.starts_with("latency"))
        << found.text();
  }
  EXPECT_NE(found.of("encryption").seen.find("TLS"), std::string::npos);
  const Look stranger = look(options_of("rediss://127.0.0.1:" + std::to_string(secured->port())));
  EXPECT_EQ(stranger.of("reach").severity, Severity::problem);
  EXPECT_NE(stranger.of("reach").advice.find("ca_file"), std::string::npos) << stranger.text();
}

// Linux connects 0.0.0.0 to this machine; by its name it could be any.
TEST(RedisCheckup, ALinkThatMayLeaveTheMachine) {
  auto server = server_of(well_configured());
  ASSERT_TRUE(server);
  server->ask({"ACL", "SETUSER", "someone", "on", ">pw", "~*", "+@all"});
  const std::string place = "0.0.0.0:" + std::to_string(server->port());
  Look found = look(options_of("redis://" + place));
  EXPECT_EQ(found.of("encryption").severity, Severity::warning);
  EXPECT_EQ(found.of("password").severity, Severity::warning);
  found = look(options_of("redis://someone:pw@" + place));
  EXPECT_EQ(found.of("encryption").severity, Severity::warning);
  EXPECT_NE(found.of("encryption").advice.find("rediss://"), std::string::npos);
  EXPECT_FALSE(found.has("password"));
}

TEST(RedisCheckup, NoLimitAndNoEviction) {
  auto server = server_of();
  ASSERT_TRUE(server);
  Look found = look(options_of(server->url()));
  EXPECT_EQ(found.of("maxmemory").severity, Severity::warning);
  EXPECT_NE(found.of("maxmemory").advice.find("set maxmemory"), std::string::npos);
  EXPECT_EQ(found.of("policy").severity, Severity::note);
  server->ask({"CONFIG", "SET", "maxmemory", "1"});
  found = look(options_of(server->url()));
  EXPECT_EQ(found.of("maxmemory").severity, Severity::warning);
  EXPECT_EQ(found.of("policy").severity, Severity::warning);
  EXPECT_EQ(found.of("eviction").severity, Severity::problem);
  EXPECT_EQ(found.of("write").severity, Severity::problem);
  EXPECT_NE(found.of("write").seen.find("OOM"), std::string::npos);
}

TEST(RedisCheckup, PersistenceAndIdleTimeout) {
  ServerOptions options = well_configured();
  options.arguments.insert(options.arguments.end(), {"--appendonly", "yes", "--timeout", "30"});
  auto server = server_of(options);
  ASSERT_TRUE(server);
  const Look found = look(options_of(server->url()));
  EXPECT_EQ(found.of("persistence").severity, Severity::note);
  EXPECT_EQ(found.of("timeout").severity, Severity::note);
}

// The line that the finding names is enough.
TEST(RedisCheckup, AUserWithoutSomeRightsIsToldTheLine) {
  for (const bool may_dry_run : {false, true}) {
    auto server = server_of(well_configured());
    ASSERT_TRUE(server);
    server->ask({"ACL", "SETUSER", "poor", "on", ">pw", std::string("~") + kPrefix + "*", "+@all",
                 "-zadd", "-mget", may_dry_run ? "+acl|dryrun" : "-acl"});
    const auto options = options_of("redis://poor:pw@127.0.0.1:" + std::to_string(server->port()));
    const Finding rights = look(options).of("rights");
    EXPECT_EQ(rights.severity, Severity::problem);
    EXPECT_EQ(rights.advice, "ACL SETUSER poor +mget +zadd");
    EXPECT_NE(rights.seen.find("reading, writing"), std::string::npos) << rights.seen;
    EXPECT_NE(rights.seen.find(may_dry_run ? "DRYRUN" : "tried"), std::string::npos);
    EXPECT_TRUE(server->ask({"ACL", "SETUSER", "poor", "+mget", "+zadd"}).is_ok());
    EXPECT_EQ(look(options).of("rights").severity, Severity::ok);
    EXPECT_TRUE(server->wait_for({"DBSIZE"}, "0"));
  }
}

TEST(RedisCheckup, EachRightThatIsMissingIsSeen) {
  auto server = server_of(well_configured());
  ASSERT_TRUE(server);
  auto options = options_of("redis://poor:pw@127.0.0.1:" + std::to_string(server->port()) + "/1");
  options.tenant_quota_bytes = MiB;
  for (const std::string name :
       {"ping", "set", "mget", "zadd", "zremrangebyscore", "pexpire", "zcard", "zrange", "zrem",
        "scan", "strlen", "get", "eval", "del", "incrby", "unlink", "multi", "exec"}) {
    server->ask(
        {"ACL", "SETUSER", "poor", "reset", "on", ">pw", "~*", "+@all", "-acl", "-" + name});
    const Finding rights = look(options).of("rights");
    EXPECT_NE(rights.severity, Severity::ok) << name;
    EXPECT_EQ(rights.advice, "ACL SETUSER poor +" + name);
  }
  server->ask({"ACL", "SETUSER", "poor", "reset", "on", ">pw", "~other:*", "+@all"});
  const Finding rights = look(options).of("rights");
  EXPECT_EQ(rights.advice, std::string("ACL SETUSER poor ~") + kPrefix + "*");
  EXPECT_EQ(rights.severity, Severity::problem);
}

TEST(RedisCheckup, AReadIsComparedWithTokenizing) {
  auto server = server_of(well_configured());
  ASSERT_TRUE(server);
  const auto options = options_of(server->url());
  const auto read = [&](double encode_us_per_kib) {
    return Look{check_redis(options, kClock, Deadline::after(30s), encode_us_per_kib)}.of(
        "latency_10kb");
  };
  EXPECT_NE(read(1e6).seen.find("17361.11 ms of tokenizing"), std::string::npos) << read(1e6).seen;
  EXPECT_NE(read(1e6).severity, Severity::note);
  EXPECT_NE(read(1e-6).severity, Severity::ok);
  EXPECT_EQ(read(0).seen.find("tokenizing"), std::string::npos);
}

TEST(RedisCheckup, CommandsThatTheServerLacks) {
  ServerOptions without = well_configured();
  without.configuration = "rename-command UNLINK \"\"\nrename-command STRLEN hidden\n";
  auto server = server_of(without);
  ASSERT_TRUE(server);
  // By ACL DRYRUN, and by trying.
  server->ask({"ACL", "SETUSER", "u", "on", ">pw", "~*", "+@all", "-acl"});
  const std::string port = std::to_string(server->port());
  for (const std::string& url : {server->url(), "redis://u:pw@127.0.0.1:" + port}) {
    const Look found = look(options_of(url));
    EXPECT_EQ(found.of("commands").severity, Severity::problem);
    EXPECT_NE(found.of("commands").seen.find("strlen, unlink"), std::string::npos) << found.text();
    EXPECT_EQ(found.of("rights").severity, Severity::ok) << found.text();
  }
}

TEST(RedisCheckup, TheLeastRightsAreEnoughAndHideTheRest) {
  ServerOptions options = well_configured();
  options.acl = true;
  auto server = server_of(options);
  ASSERT_TRUE(server);
  const Look found = look(options_of(server->url()));
  EXPECT_EQ(found.worse_than(Severity::note), "") << found.text();
  EXPECT_EQ(found.of("rights").severity, Severity::ok);
  EXPECT_EQ(found.of("tracking").severity, Severity::ok);
  EXPECT_EQ(found.of("version").severity, Severity::ok);
  EXPECT_EQ(found.of("info").severity, Severity::note);
  server->ask({"ACL", "SETUSER", "leyden", "-client|tracking"});
  const Finding tracking = look(options_of(server->url())).of("tracking");
  EXPECT_EQ(tracking.severity, Severity::warning);
  EXPECT_EQ(tracking.advice, "ACL SETUSER leyden +client|tracking");
  auto wrong = options_of(server->url());
  wrong.password = "not this one";
  const Finding reach = look(wrong).of("reach");
  EXPECT_EQ(reach.severity, Severity::problem);
  EXPECT_NE(reach.advice.find("password"), std::string::npos) << reach.seen;
  EXPECT_EQ(reach.seen.find("not this one"), std::string::npos);
}

TEST(RedisCheckup, AReplica) {
  auto master = server_of(well_configured());
  ASSERT_TRUE(master);
  ServerOptions options = well_configured();
  options.arguments.insert(options.arguments.end(),
                           {"--replicaof", "127.0.0.1 " + std::to_string(master->port())});
  auto replica = server_of(options);
  ASSERT_TRUE(replica);
  ASSERT_TRUE(replica->wait_for({"INFO", "replication"}, "master_link_status:up"));
  const Look found = look(options_of(replica->url()));
  EXPECT_EQ(found.of("topology").severity, Severity::problem);
  EXPECT_NE(found.of("topology").seen.find("replica"), std::string::npos);
  EXPECT_EQ(found.of("write").severity, Severity::problem);
}

TEST(RedisCheckup, AServerThatIsNotThereOrSilent) {
  auto server = server_of(well_configured());
  ASSERT_TRUE(server);
  auto options = options_of(server->url());
  options.stall_timeout = options.connect_timeout = 300ms;
  server->signal(SIGSTOP);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(look(options).of("reach").severity, Severity::problem);
  options.stall_timeout = options.connect_timeout = 60s;
  const Finding reach = look(options, kClock, 300ms).of("reach");
  EXPECT_EQ(reach.severity, Severity::problem);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
  server->kill();
  const Look found = look(options_of(server->url()));
  EXPECT_EQ(found.findings.size(), 1);
  EXPECT_NE(found.of("reach").seen.find("refused"), std::string::npos) << found.text();
  // Each finding says where it is, once.
  for (const Finding& finding : {reach, found.of("reach")})
    EXPECT_EQ(finding.seen.find(finding.where), std::string::npos) << finding.seen;
}

TEST(RedisCheckup, ClocksThatDiffer) {
  auto server = server_of(well_configured());
  ASSERT_TRUE(server);
  const ManualClock of_1970;
  EXPECT_EQ(look(options_of(server->url()), of_1970).of("clock").severity, Severity::problem);
}

TEST(RedisCheckup, SentinelsAndTheirMaster) {
  auto trio = SentinelTrio::start();
  ASSERT_TRUE(trio) << trio.error().message;
  Look found = look(options_of((*trio)->url()));
  EXPECT_EQ(found.worse_than(Severity::warning), "") << found.text();
  EXPECT_EQ(std::ranges::count(found.findings, std::string("sentinel"), &Finding::id), 3);
  EXPECT_EQ(found.of("sentinel").severity, Severity::ok);
  EXPECT_EQ(found.of("topology").severity, Severity::ok);
  const std::string one = std::to_string((*trio)->sentinels[0]->port());
  EXPECT_EQ(look(options_of("redis://127.0.0.1:" + one)).of("topology").severity,
            Severity::problem);
  found = look(options_of("redis+sentinel://127.0.0.1:" + one + "/nobody"));
  EXPECT_EQ(found.of("sentinel").severity, Severity::problem);
  EXPECT_EQ(found.of("sentinel").seen, "knows no master \"nobody\"");
  EXPECT_EQ(found.of("topology").severity, Severity::problem);
  (*trio)->sentinels[2]->kill();
  found = look(options_of((*trio)->url()));
  EXPECT_EQ(found.of("sentinel").severity, Severity::warning);
  EXPECT_EQ(found.worse_than(Severity::warning), "");
}

TEST(RedisCheckup, AClusterAndItsSlots) {
  auto cluster = RedisCluster::start("redis");
  ASSERT_TRUE(cluster) << cluster.error().message;
  Look found = look(options_of((*cluster)->url()));
  EXPECT_EQ(found.worse_than(Severity::warning), "") << found.text();
  EXPECT_EQ(found.of("slots").severity, Severity::ok);
  std::set<std::string> masters;
  for (const Finding& finding : found.findings) {
    if (finding.id == "rights" && finding.severity == Severity::ok) masters.insert(finding.where);
  }
  EXPECT_EQ(masters.size(), 3);
  EXPECT_EQ(look(options_of((*cluster)->nodes[0]->url())).of("topology").severity,
            Severity::problem);
  (*cluster)->nodes[0]->ask({"CLUSTER", "DELSLOTS", "100"});
  found = look(options_of((*cluster)->url()));
  EXPECT_EQ(found.of("slots").severity, Severity::problem);
  EXPECT_NE(found.of("slots").seen.find("1 of 16384"), std::string::npos);
  auto alone = server_of(well_configured());
  ASSERT_TRUE(alone);
  EXPECT_EQ(look(options_of("redis+cluster://127.0.0.1:" + std::to_string(alone->port())))
                .of("topology")
                .severity,
            Severity::problem);
}

}  // namespace
}  // namespace leyden::cache
