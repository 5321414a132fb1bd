#include "leyden/cache/stores/redis/redis_checkup.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/redis_look.h"
#include "leyden/cache/stores/redis/redis_server_checkup.h"

namespace leyden::cache {
namespace {

using net::RespValue;

constexpr unsigned kSlots = 16384;

// The master's place as one Sentinel knows it.
Result<net::Endpoint> ask_sentinel(RedisLink& sentinel, const std::string& master_name) {
  auto reply = sentinel.ask({"SENTINEL", "get-master-addr-by-name", master_name});
  if (!reply) return std::unexpected(reply.error());
  if (reply->is_error()) return fail(Errc::unavailable, "{}", reply->message());
  const int port =
      reply->items.size() == 2 ? std::atoi(std::string(reply->items[1].text()).c_str()) : 0;
  if (port < 1 || port > 65535) return fail(Errc::not_found, "knows no master \"{}\"", master_name);
  return net::Endpoint{std::string(reply->items[0].text()), static_cast<std::uint16_t>(port), ""};
}

void check_sentinels(const RedisLook& look, std::vector<Finding>& all) {
  std::map<net::Endpoint, std::size_t> named;
  for (const net::Endpoint& endpoint : look.options.endpoints) {
    Findings out(endpoint.text());
    net::RespConnectionOptions options = look.connection_to(endpoint);
    options.username = look.options.sentinel_username;
    options.password = look.options.sentinel_password;
    options.database = 0;
    RedisLink sentinel(look, std::move(options));
    auto master = ask_sentinel(sentinel, look.options.master_name);
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
  for (const auto& [master, count] : named) check_redis_server(look, master, 0, all);
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

void check_cluster(const RedisLook& look, std::vector<Finding>& all) {
  std::map<net::Endpoint, Owner> owners;
  unsigned covered = 0;
  bool answered = false;
  for (const net::Endpoint& endpoint : look.options.endpoints) {
    Findings out(endpoint.text());
    RedisLink link(look, look.connection_to(endpoint));
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
    if (owner.bucket) check_redis_server(look, master, *owner.bucket, all);
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
  const RedisLook look{options, clock, deadline, encode_us_per_kib, std::move(tls), {}};
  switch (options.mode) {
    case RedisMode::single:
      check_redis_server(look, options.endpoints.front(), 0, all);
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
