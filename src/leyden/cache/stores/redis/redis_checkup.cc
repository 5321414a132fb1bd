#include "leyden/cache/stores/redis/redis_checkup.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "leyden/cache/stores/redis/redis_info.h"
#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/redis_rights.h"
#include "leyden/net/resp_connection.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using net::RespRequest;
using net::RespValue;

constexpr unsigned kSlots = 16384;
constexpr int kPings = 100;
constexpr std::size_t kProbeBytes = 10 * 1000;
// Natural text: some 4 bytes for an ID, which takes 2.25 in a value.
constexpr double kTextKibInProbe = kProbeBytes / 2.25 * 4 / 1024;
constexpr double kFarMs = 20;
constexpr auto kClockWarning = 60s;
constexpr auto kClockProblem =
    3600s;  // The sets keep what expired for so long: docs/formats/redis.md.

// What all parts of a look share.
struct Look {
  const RedisStoreOptions& options;
  const Clock& clock;
  const Deadline deadline;
  const double encode_us_per_kib;
  const std::shared_ptr<net::TlsContext> tls;
  const net::IoThread io;
};

net::RespConnectionOptions connection_to(const Look& look, const net::Endpoint& endpoint) {
  net::RespConnectionOptions out;
  out.endpoint = endpoint;
  out.tls = look.tls;
  out.username = look.options.username;
  out.password = look.options.password;
  out.database = look.options.database;
  out.connect_timeout = look.options.connect_timeout;
  out.stall_timeout = look.options.stall_timeout;
  return out;
}

// One connection, one question at a time.
class Link {
 public:
  Link(const Look& look, net::RespConnectionOptions options)
      : deadline_(look.deadline),
        connection_(net::RespConnection::open(look.io, std::move(options))) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { connection_->close(); }

  Result<std::vector<RespValue>> ask(RespRequest request) {
    auto sent = connection_->send(std::move(request));
    if (!sent) return std::unexpected(sent.error());
    return (*sent)->wait(deadline_);
  }
  Result<RespValue> ask(std::initializer_list<std::string_view> words) {
    RespRequest request;
    request.add(words);
    auto replies = ask(std::move(request));
    if (!replies) return std::unexpected(replies.error());
    return std::move(replies->front());
  }

  [[nodiscard]] std::optional<std::chrono::system_clock::time_point> certificate_expires() const {
    return connection_->certificate_expires();
  }

 private:
  const Deadline deadline_;
  const std::shared_ptr<net::RespConnection> connection_;
};

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

std::string advice_to_reach(std::string_view why, bool tls) {
  const auto says = [&](std::string_view words) {
    return why.find(words) != std::string_view::npos;
  };
  if (says("WRONGPASS") || says("NOAUTH") || says("invalid password"))
    return "put the right user and password into REDIS_URL";
  if (says("certificate"))
    return "give the authority that signed the server's certificate (ca_file), the name in it "
           "(server_name), and ours where it asks for one (cert_file, key_file)";
  if (says("NOPERM")) return "give the user +select for a database other than 0";
  if (says("DB index")) return "choose a database that the server has: /0 in REDIS_URL";
  if (tls)
    return "start the server or mend the host and port in REDIS_URL; is TLS on at that port?";
  return "start the server or mend the host and port in REDIS_URL; a server that wants TLS needs "
         "rediss://";
}

struct Percentiles {
  double p50_ms = 0;
  double p99_ms = 0;
  std::size_t count = 0;
};

// Asks up to 100 times, but takes no more than a fifth of the time that is left.
Result<Percentiles> measure(Link& link, const Look& look,
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

void judge_read(const Percentiles& times, const Look& look, Findings& out) {
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

Result<void> check_latency(Link& link, const Look& look, unsigned bucket, Findings& out) {
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

Result<void> check_clock(Link& link, const Look& look, Findings& out) {
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
Result<void> check_tracking(Link& link, const Look& look, const net::Endpoint& endpoint,
                            unsigned bucket, Findings& out) {
  const RedisKeys keys(look.options.prefix);
  const std::string mark = keys.erased(probe_key(bucket));
  const auto heard = std::make_shared<Heard>();
  net::RespConnectionOptions options = connection_to(look, endpoint);
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
  Link listening(look, std::move(options));
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

void check_encryption(const Look& look, const net::Endpoint& endpoint, Findings& out) {
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

void check_role(const Look& look, std::string_view mode, std::string_view role, Findings& out) {
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

Result<RedisInfo> read_info(Link& link, Findings& out) {
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

Result<void> check_reached(Link& link, const Look& look, const net::Endpoint& endpoint,
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

void check_server(const Look& look, const net::Endpoint& endpoint, unsigned bucket,
                  std::vector<Finding>& all) {
  Findings out(endpoint.text());
  Link link(look, connection_to(look, endpoint));
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

// The master's place as one Sentinel knows it.
Result<net::Endpoint> ask_sentinel(Link& sentinel, const net::Endpoint& asked,
                                   const std::string& master_name) {
  auto reply = sentinel.ask({"SENTINEL", "get-master-addr-by-name", master_name});
  if (!reply) return std::unexpected(reply.error());
  if (reply->is_error()) return fail(Errc::unavailable, "{}: {}", asked.text(), reply->message());
  const int port =
      reply->items.size() == 2 ? std::atoi(std::string(reply->items[1].text()).c_str()) : 0;
  if (port < 1 || port > 65535)
    return fail(Errc::not_found, "{} knows no master \"{}\"", asked.text(), master_name);
  return net::Endpoint{std::string(reply->items[0].text()), static_cast<std::uint16_t>(port), ""};
}

void check_sentinels(const Look& look, std::vector<Finding>& all) {
  std::map<net::Endpoint, std::size_t> named;
  for (const net::Endpoint& endpoint : look.options.endpoints) {
    Findings out(endpoint.text());
    net::RespConnectionOptions options = connection_to(look, endpoint);
    options.username = look.options.sentinel_username;
    options.password = look.options.sentinel_password;
    options.database = 0;
    Link sentinel(look, std::move(options));
    auto master = ask_sentinel(sentinel, endpoint, look.options.master_name);
    if (!master) {
      const std::string& why = master.error().message;
      out.add(look.options.endpoints.size() > 1 ? Severity::warning : Severity::problem, "sentinel",
              why,
              master.error().code == Errc::not_found
                  ? "mend the master's name in REDIS_URL; the Sentinels' configuration has it "
                    "(sentinel monitor NAME ...)"
                  : advice_to_reach(why, look.options.tls));
    } else {
      ++named[*master];
      // Not among the store's own rights: where it is refused there is nothing to say.
      auto quorum = sentinel.ask({"SENTINEL", "ckquorum", look.options.master_name});
      if (quorum && quorum->is_error("NOQUORUM")) {
        out.warning("sentinel", quorum->message(),
                    "start more Sentinels: without a quorum nobody takes a lost master's place");
      } else {
        out.ok("sentinel", "names " + master->text());
      }
    }
    std::ranges::move(out.all(), std::back_inserter(all));
  }
  Findings out(look.options.master_name);
  if (named.empty()) {
    out.problem("topology", "no Sentinel names the master", "see each Sentinel");
  } else if (named.size() > 1) {
    out.problem("topology", "the Sentinels name different masters",
                "let a failover end, or mend the one that was cut off");
  }
  std::ranges::move(out.all(), std::back_inserter(all));
  for (const auto& [master, count] : named) check_server(look, master, 0, all);
}

struct Owner {
  std::optional<unsigned> bucket;  // One that it serves.
  bool has_replica = false;
};

// Masters by place; how many slots they serve. An answer of another form gives fewer.
unsigned take_slots(const RespValue& reply, const net::Endpoint& asked,
                    std::map<net::Endpoint, Owner>& owners) {
  unsigned covered = 0;
  for (const RespValue& range : reply.items) {
    if (range.items.size() < 3 || range.items[2].items.size() < 2) continue;
    const std::int64_t first = range.items[0].integer;
    const std::int64_t last = range.items[1].integer;
    const std::int64_t port = range.items[2].items[1].integer;
    if (first < 0 || last < first || last >= kSlots || port < 1 || port > 65535) continue;
    covered += static_cast<unsigned>(last - first + 1);
    std::string host(range.items[2].items[0].text());
    if (host.empty() || host == "?") host = asked.host;
    Owner& owner = owners[{host, static_cast<std::uint16_t>(port), ""}];
    owner.has_replica = owner.has_replica || range.items.size() > 3;
    for (unsigned bucket = 0; bucket < kRedisBuckets && !owner.bucket; ++bucket) {
      const auto slot = static_cast<std::int64_t>(slot_of(bucket));
      if (slot >= first && slot <= last) owner.bucket = bucket;
    }
  }
  return covered;
}

void check_cluster(const Look& look, std::vector<Finding>& all) {
  std::map<net::Endpoint, Owner> owners;
  unsigned covered = 0;
  bool answered = false;
  for (const net::Endpoint& endpoint : look.options.endpoints) {
    Findings out(endpoint.text());
    Link link(look, connection_to(look, endpoint));
    auto reply = link.ask({"CLUSTER", "SLOTS"});
    const bool others = look.options.endpoints.size() > 1;
    if (!reply) {
      out.add(others ? Severity::warning : Severity::problem, "reach", reply.error().message,
              advice_to_reach(reply.error().message, look.options.tls));
    } else if (reply->is_error()) {
      const bool refused = reply->is_error("NOPERM");
      out.problem("topology", reply->message(),
                  refused
                      ? "ACL SETUSER " +
                            (look.options.username.empty() ? "default" : look.options.username) +
                            " +cluster|slots +asking"
                      : std::string("use redis:// in REDIS_URL: this server is in no cluster"));
    } else if (!answered) {
      answered = true;
      covered = take_slots(*reply, endpoint, owners);
    }
    std::ranges::move(out.all(), std::back_inserter(all));
  }
  Findings out("cluster");
  if (!answered) {
    out.problem("slots", "no node tells who serves what", "see each node");
  } else if (covered < kSlots) {
    out.problem("slots",
                fmt::format("{} of {} slots are served by nobody", kSlots - covered, kSlots),
                "give them to a node: redis-cli --cluster fix HOST:PORT");
  } else {
    out.ok("slots", fmt::format("all served, by {} masters", owners.size()));
  }
  const auto alone =
      std::ranges::count_if(owners, [](const auto& owner) { return !owner.second.has_replica; });
  if (alone > 0)
    out.note("replicas", fmt::format("{} of {} masters have none", alone, owners.size()),
             "add one to each, or accept that a lost master's slots are away until it is back");
  std::ranges::move(out.all(), std::back_inserter(all));
  // A master without one of our buckets is never asked.
  for (const auto& [master, owner] : owners) {
    if (owner.bucket) check_server(look, master, *owner.bucket, all);
  }
}

}  // namespace

std::vector<Finding> check_redis(const RedisStoreOptions& options, const Clock& clock,
                                 Deadline deadline, double encode_us_per_kib) {
  std::vector<Finding> all;
  Findings of_options("REDIS_URL");
  std::shared_ptr<net::TlsContext> tls;
  if (auto checked = options.check(); !checked) {
    of_options.problem("options", checked.error().message, "mend REDIS_URL: docs/redis.md");
    return std::move(of_options.all());
  }
  if (options.tls) {
    auto made = net::TlsContext::make(options.tls_options);
    if (!made) {
      of_options.problem("encryption", made.error().message,
                         "mend ca_file, cert_file and key_file in REDIS_URL");
      return std::move(of_options.all());
    }
    tls = *made;
  }
  const Look look{options, clock, deadline, encode_us_per_kib, std::move(tls), {}};
  switch (options.mode) {
    case RedisMode::single:
      check_server(look, options.endpoints.front(), 0, all);
      break;
    case RedisMode::sentinel:
      check_sentinels(look, all);
      break;
    case RedisMode::cluster:
      check_cluster(look, all);
      break;
  }
  return all;
}

}  // namespace leyden::cache
