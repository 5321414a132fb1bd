#include "leyden/cache/stores/redis/redis_server_checkup.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "leyden/cache/stores/redis/redis_info.h"
#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/redis_rights.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using net::RespRequest;
using net::RespValue;

constexpr int kPings = 100;
constexpr std::size_t kProbeBytes = 10 * 1000;
// Natural text: some 4 bytes for an ID, which takes 2.25 in a value.
constexpr double kTextKibInProbe = kProbeBytes / 2.25 * 4 / 1024;
constexpr double kFarMs = 20;
constexpr auto kClockWarning = 60s;
constexpr auto kClockProblem =
    3600s;  // The sets keep what expired for so long: docs/formats/redis.md.

std::string_view field(const RespValue& map, std::string_view name) {
  for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
    if (map.items[i].text() == name) return map.items[i + 1].text();
  }
  return {};
}

bool is_local(const net::Endpoint& endpoint) {
  return !endpoint.path.empty() || endpoint.host == "localhost" || endpoint.host == "::1" ||
         endpoint.host.starts_with("127.");
}

std::string how(const net::Endpoint& endpoint, bool tls) {
  return !endpoint.path.empty() ? "a unix socket" : tls ? "TLS" : "TCP";
}

struct Percentiles {
  double p50_ms = 0;
  double p99_ms = 0;
  std::size_t count = 0;
};

// Asks up to 100 times, but takes no more than a fifth of the time that is left.
Result<Percentiles> measure(RedisLink& link, const RedisLook& look,
                            std::initializer_list<std::string_view> words) {
  const Deadline enough = Deadline::after(look.deadline.left() / 5);
  std::vector<double> times_ms;
  while (times_ms.size() < kPings && (times_ms.empty() || !enough.passed())) {
    const auto began = Deadline::SteadyClock::now();
    if (auto reply = link.ask(words); !reply) return std::unexpected(reply.error());
    times_ms.push_back(ms_between(began, Deadline::SteadyClock::now()));
  }
  std::ranges::sort(times_ms);
  return Percentiles{times_ms[times_ms.size() / 2], times_ms[times_ms.size() * 99 / 100],
                     times_ms.size()};
}

void judge_latency(std::string_view id, std::string_view what, const Percentiles& times,
                   Findings& out) {
  std::string seen = fmt::format("{}: p50 {:.2f} ms, p99 {:.2f} ms of {}", what, times.p50_ms,
                                 times.p99_ms, times.count);
  if (times.p50_ms > kFarMs) {
    out.warning(id, std::move(seen),
                "use a server that is nearer: tokenizing a passage takes less than one round trip");
  } else {
    out.ok(id, std::move(seen));
  }
}

void judge_read(const Percentiles& times, const RedisLook& look, Findings& out) {
  const double encode_ms = look.encode_us_per_kib * kTextKibInProbe / 1000;
  if (encode_ms == 0) return judge_latency("latency_10kb", "reading 10 kB", times, out);
  const std::string what =
      fmt::format("reading 10 kB, which are {:.2f} ms of tokenizing here", encode_ms);
  if (times.p50_ms <= encode_ms || times.p50_ms > kFarMs)
    return judge_latency("latency_10kb", what, times, out);
  out.note("latency_10kb",
           fmt::format("{}: p50 {:.2f} ms, p99 {:.2f} ms of {}", what, times.p50_ms, times.p99_ms,
                       times.count),
           "nothing: one passage is tokenized rather than read (store_reads by_cost, "
           "docs/configuration.md); a look-up of many still pays");
}

Result<void> check_latency(RedisLink& link, const RedisLook& look, unsigned bucket, Findings& out) {
  auto pings = measure(link, look, {"PING"});
  if (!pings) return std::unexpected(pings.error());
  judge_latency("latency", "a PING", *pings, out);
  const std::string name = RedisKeys(look.options.prefix).value(probe_key(bucket));
  const std::string value(kProbeBytes, 'x');
  auto set = link.ask({"SET", name, value, "PX", "60000"});
  if (!set) return std::unexpected(set.error());
  if (set->is_error("NOPERM")) return {};  // check_rights tells.
  if (!set->is_ok()) {
    out.problem("write", "a value is refused: " + set->message(),
                set->is_error("OOM")        ? "raise maxmemory, or set maxmemory-policy allkeys-lru"
                : set->is_error("READONLY") ? "name the master in REDIS_URL, or the Sentinels"
                : set->is_error("MISCONF")  ? "set save \"\" or free the server's disk"
                : set->is_error("LOADING")  ? "wait until it has loaded its data"
                                            : "mend what the server says");
    return {};
  }
  auto read = link.ask({"MGET", name});
  if (!read) return std::unexpected(read.error());
  if (read->items.size() == 1 && read->items[0].text() == value) {
    out.ok("write", "a value was written, read and removed");
    auto reads = measure(link, look, {"MGET", name});
    if (!reads) return std::unexpected(reads.error());
    judge_read(*reads, look, out);
  } else if (!read->is_error("NOPERM")) {
    out.problem("write", "a value that was written is not there afterwards",
                "give the server more memory: it evicts what is newest");
  }
  if (auto gone = link.ask({"UNLINK", name}); !gone) return std::unexpected(gone.error());
  return {};
}

Result<void> check_clock(RedisLink& link, const RedisLook& look, Findings& out) {
  const auto before = look.clock.wall();
  auto time = link.ask({"TIME"});
  if (!time) return std::unexpected(time.error());
  if (time->items.size() != 2) {
    out.note(
        "clock", "the server's clock can't be read: " + time->message(),
        "keep the clocks of all machines within an hour of each other; +time lets the doctor look");
    return {};
  }
  const auto ours = before + (look.clock.wall() - before) / 2;
  const double theirs_s = std::strtod(std::string(time->items[0].text()).c_str(), nullptr) +
                          std::strtod(std::string(time->items[1].text()).c_str(), nullptr) / 1e6;
  const double off_s = theirs_s - std::chrono::duration<double>(ours.time_since_epoch()).count();
  const std::chrono::duration<double> off(std::abs(off_s));
  std::string seen = fmt::format("the server's clock is {:.3f} s {} ours", off.count(),
                                 off_s < 0 ? "behind" : "ahead of");
  const char* const advice = "set the clocks of both machines (NTP)";
  if (off > kClockProblem) {
    out.problem("clock", seen + ": groups may lose values that still live", advice);
  } else if (off > kClockWarning) {
    out.warning("clock", std::move(seen), advice);
  } else {
    out.ok("clock", std::move(seen));
  }
  return {};
}

// Heard on the I/O thread.
struct Heard {
  std::mutex mutex;
  std::condition_variable changed;
  bool told = false;
};

// As RedisTracking listens: a connection of its own, and an erasure on another one.
Result<void> check_tracking(RedisLink& link, const RedisLook& look, const net::Endpoint& endpoint,
                            unsigned bucket, Findings& out) {
  const RedisKeys keys(look.options.prefix);
  const std::string mark = keys.erased(probe_key(bucket));
  const auto heard = std::make_shared<Heard>();
  net::RespConnectionOptions options = look.connection_to(endpoint);
  options.needs_resp3 = true;
  options.set_up.add({"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", keys.erased_prefix()});
  options.on_push = [heard, mark](const RespValue& push) {
    if (push.items.size() < 2 || push.items[0].text() != "invalidate") return;
    for (const RespValue& name : push.items[1].items) {
      if (name.text() != mark) continue;
      std::lock_guard lock(heard->mutex);
      heard->told = true;
      heard->changed.notify_all();
    }
  };
  RedisLink listening(look, std::move(options));
  if (auto pong = listening.ask({"PING"}); !pong) {
    const bool refused = pong.error().message.find("NOPERM") != std::string::npos;
    out.warning(
        "tracking", "erasures by other processes are not heard: " + pong.error().message,
        refused
            ? "ACL SETUSER " + (look.options.username.empty() ? "default" : look.options.username) +
                  " +client|tracking"
            : std::string("use a server and a proxy that speak RESP3 and know CLIENT TRACKING"));
    return {};
  }
  const auto began = Deadline::SteadyClock::now();
  auto set = link.ask({"SET", mark, "", "PX", "1000"});
  if (!set) return std::unexpected(set.error());
  if (!set->is_ok()) return {};  // check_latency or check_rights tells.
  std::unique_lock lock(heard->mutex);
  const auto until = std::min(look.deadline.when(), Deadline::after(1s).when());
  if (heard->changed.wait_until(lock, until, [&] { return heard->told; })) {
    out.ok("tracking", fmt::format("an erasure was heard after {:.2f} ms (RESP3, CLIENT TRACKING)",
                                   ms_between(began, Deadline::SteadyClock::now())));
  } else {
    out.warning("tracking", "an erasure was not heard within a second",
                "use a server without a proxy that drops RESP3's push messages");
  }
  return {};
}

void check_encryption(const RedisLook& look, const net::Endpoint& endpoint, Findings& out) {
  if (!endpoint.path.empty()) {
    out.ok("encryption", "a unix socket does not leave the machine");
  } else if (look.options.tls) {
    out.ok("encryption", "TLS, the server's certificate is verified");
  } else if (is_local(endpoint)) {
    out.ok("encryption", "none, and the link does not leave the machine");
  } else {
    out.warning(
        "encryption",
        look.options.password.empty()
            ? "none: who is on the network reads token IDs, which are text"
            : "none: who is on the network reads the password and token IDs, which are text",
        "give the server tls-port and a certificate, and use rediss://");
  }
  if (look.options.password.empty() && !is_local(endpoint)) {
    out.warning("password", "none: who reaches the server reads and erases",
                "make a user for Leyden (docs/redis.md has the line) and put it into REDIS_URL");
  }
}

void check_role(const RedisLook& look, std::string_view mode, std::string_view role,
                Findings& out) {
  const bool cluster = look.options.mode == RedisMode::cluster;
  if (mode == "sentinel") {
    out.problem("topology", "a Sentinel, which stores nothing",
                "use redis+sentinel://HOST:PORT,.../MASTER");
  } else if (mode == "cluster" && !cluster) {
    out.problem("topology", "a node of a cluster: keys of other nodes are refused",
                "use redis+cluster:// in REDIS_URL");
  } else if (role == "replica" || role == "slave") {
    out.problem(
        "topology", "a replica: writes are refused",
        "name the master in REDIS_URL, or the Sentinels: redis+sentinel://HOST:PORT,.../MASTER");
  } else if (look.options.mode == RedisMode::single) {
    out.ok("topology", "a single server");
  } else {
    out.ok("topology", "a master");
  }
}

Result<RedisInfo> read_info(RedisLink& link, Findings& out) {
  auto info = link.ask({"INFO"});
  if (!info) return std::unexpected(info.error());
  if (info->is_error()) {
    out.note("info",
             "memory limit, policy, persistence, evictions and clients can't be seen: " +
                 info->message(),
             "run leyden doctor once as a user who may call INFO, or give this one +info");
    return RedisInfo();
  }
  RedisInfo read = RedisInfo::parse(info->text());
  auto config = link.ask({"CONFIG", "GET", "save"});
  if (!config) return std::unexpected(config.error());
  if (!config->is_error()) read.set("save", field(*config, "save"));
  config = link.ask({"CONFIG", "GET", "timeout"});
  if (!config) return std::unexpected(config.error());
  if (!config->is_error()) read.set("timeout", field(*config, "timeout"));
  return read;
}

Result<void> check_reached(RedisLink& link, const RedisLook& look, const net::Endpoint& endpoint,
                           unsigned bucket, const RespValue& hello, Findings& out) {
  check_encryption(look, endpoint, out);
  if (const auto expires = link.certificate_expires())
    judge_certificate(*expires, look.clock.wall(), out);
  auto info = read_info(link, out);
  if (!info) return std::unexpected(info.error());
  std::string version(field(hello, "version"));
  std::string server(field(hello, "server"));
  if (version.empty()) version = info->text("redis_version");
  if (server.empty()) server = "redis";
  if (version.empty()) {
    out.note("version", "can't be seen", "see that it is Redis 7 or later, or Valkey 8");
  } else {
    judge_version(server, version, out);
  }
  std::string mode(field(hello, "mode"));
  std::string role(field(hello, "role"));
  if (mode.empty()) mode = info->text("redis_mode");
  if (role.empty()) role = info->text("role");
  check_role(look, mode, role, out);
  if (hello.is_error()) {
    out.warning("resp3",
                "not spoken, so erasures by other processes are not heard: " + hello.message(),
                "use Redis 7 or Valkey 8, without a proxy that speaks RESP2 only");
  } else {
    out.ok("resp3", "spoken");
  }
  if (look.options.mode == RedisMode::sentinel && info->number("connected_slaves") == 0) {
    out.warning("replicas", "the master has none: nobody can take its place", "add a replica");
  }
  judge(*info, look.options, out);
  if (mode == "sentinel") return {};
  if (auto done = check_clock(link, look, out); !done) return done;
  if (auto done = check_latency(link, look, bucket, out); !done) return done;
  if (!hello.is_error()) {
    if (auto done = check_tracking(link, look, endpoint, bucket, out); !done) return done;
  }
  return check_rights([&](RespRequest request) { return link.ask(std::move(request)); },
                      look.options, bucket, out);
}

}  // namespace

void check_redis_server(const RedisLook& look, const net::Endpoint& endpoint, unsigned bucket,
                        std::vector<Finding>& all) {
  Findings out(endpoint.text());
  RedisLink link(look, look.connection_to(endpoint));
  if (auto hello = link.ask({"HELLO", "3"}); !hello) {
    out.problem("reach", hello.error().message,
                advice_to_reach(hello.error().message, look.options.tls));
  } else {
    out.ok("reach", fmt::format("over {} as user {}", how(endpoint, look.options.tls),
                                look.options.username.empty() ? "default" : look.options.username));
    if (auto done = check_reached(link, look, endpoint, bucket, *hello, out); !done) {
      out.problem("reach", "the look ended early: " + done.error().message,
                  look.deadline.passed() ? "give it more time: --timeout-s"
                                         : "find out why the server went away or fell silent");
    }
  }
  std::ranges::move(out.all(), std::back_inserter(all));
}

}  // namespace leyden::cache
