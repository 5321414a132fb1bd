#include "leyden/cache/stores/redis/redis_rights.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace leyden::cache {
namespace {

using net::RespRequest;
using net::RespValue;
using Words = std::vector<std::string>;

struct Right {
  std::string name;  // As ACL SETUSER has it.
  std::string lost;  // What does not work without it.
  bool needed;       // The store is of no use without it.
  Words command;
};

// Writes only strings that have a time to live.
std::vector<Right> rights_of(const RedisStoreOptions& options, unsigned bucket) {
  const RedisKeys keys(options.prefix);
  const BlockKey key = probe_key(bucket);
  GroupTag tag{};
  std::ranges::copy(std::span(key.bytes).first(tag.size()), tag.begin());
  const std::string value = keys.value(key);
  const std::string lease = keys.lease(key);
  const std::string tenant = keys.group(GroupKind::tenant, tag, bucket);
  const std::string tokenizer = keys.group(GroupKind::tokenizer, tag, bucket);
  const std::string counter = keys.tenant_bytes(tag, bucket);
  const char* const writing = "writing";
  const char* const erasing = "erasing";
  const char* const leases = "leases";
  const char* const counting = "leyden stats";
  std::vector<Right> out{
      {"ping", "noticing that the server is back", true, {"PING"}},
      {"set", writing, true, {"SET", value, "probe", "PX", "60000"}},
      {"set", erasing, true, {"SET", keys.erased(key), "", "PX", "1000"}},
      {"set", leases, false, {"SET", lease, "probe", "NX", "PX", "60000"}},
      {"mget", "reading", true, {"MGET", value}},
      {"zadd", writing, true, {"ZADD", tenant, "XX", "1", "probe"}},
      {"zadd", writing, true, {"ZADD", tokenizer, "XX", "1", "probe"}},
      {"zremrangebyscore", writing, true, {"ZREMRANGEBYSCORE", tenant, "-inf", "0"}},
      {"pexpire", writing, true, {"PEXPIRE", tenant, "60000", "NX"}},
      {"zcard", erasing, true, {"ZCARD", tenant}},
      {"zrange", erasing, true, {"ZRANGE", tenant, "0", "0"}},
      {"zrem", erasing, true, {"ZREM", tenant, "probe"}},
      {"scan", counting, false, {"SCAN", "0", "MATCH", value, "COUNT", "1"}},
      {"strlen", counting, false, {"STRLEN", value}},
      {"get", leases, false, {"GET", lease}},
      {"eval", leases, false, {"EVAL", "return redis.call('GET', KEYS[1])", "1", lease}},
      {"del", leases, false, {"DEL", lease}},
  };
  if (options.tenant_quota_bytes > 0) {
    out.push_back({"set", "quotas", true, {"SET", counter, "0", "PX", "60000"}});
    out.push_back({"incrby", "quotas", true, {"INCRBY", counter, "1"}});
  }
  if (options.mode == RedisMode::cluster) {
    out.push_back({"cluster|slots", "finding the servers", true, {"CLUSTER", "SLOTS"}});
    out.push_back({"asking", "following a slot that moves", true, {"ASKING"}});
  }
  if (options.database != 0)
    out.push_back(
        {"select", "choosing the database", true, {"SELECT", std::to_string(options.database)}});
  out.push_back({"unlink",
                 erasing,
                 true,
                 {"UNLINK", value, keys.erased(key), lease, tenant, tokenizer, counter}});
  out.push_back({"multi", writing, true, {"MULTI"}});
  out.push_back({"exec", writing, true, {"EXEC"}});
  return out;
}

void add(RespRequest& request, const Words& words) {
  const std::vector<std::string_view> arguments(words.begin(), words.end());
  request.add(arguments);
}

Result<RespValue> ask_one(const AskRedis& ask, const Words& words) {
  RespRequest request;
  add(request, words);
  auto replies = ask(std::move(request));
  if (!replies) return std::unexpected(replies.error());
  return std::move(replies->front());
}

// DRYRUN says it in a text, a refused command in an error, a refused EXEC in the error that ends its transaction.
bool is_refused(const RespValue& reply, bool dry) {
  if (dry) return !reply.is_ok();
  return reply.is_error("NOPERM") ||
         (reply.is_error("EXECABORT") && reply.text().find("NOPERM") != std::string_view::npos);
}
// Renamed, or left out by who offers the server. DRYRUN has other words for it.
bool is_unknown(const RespValue& reply) {
  const auto says = [&](std::string_view words) {
    return reply.text().find(words) != std::string_view::npos;
  };
  return reply.is_error("ERR") &&
         (says("unknown command") || says("not found") || says("unknown subcommand"));
}
bool is_about_keys(const RespValue& reply) {
  return reply.text().find("permissions to access") != std::string_view::npos;
}

}  // namespace

BlockKey probe_key(unsigned bucket) {
  std::random_device random;
  BlockKey out;
  for (std::byte& byte : out.bytes) byte = static_cast<std::byte>(random());
  out.bytes[0] = static_cast<std::byte>(bucket);
  return out;
}

Result<void> check_rights(const AskRedis& ask, const RedisStoreOptions& options, unsigned bucket,
                          Findings& out) {
  std::string user = options.username.empty() ? "default" : options.username;
  auto dry = ask_one(ask, {"ACL", "DRYRUN", user, "PING"});
  if (!dry) return std::unexpected(dry.error());
  const bool dry_run = dry->is_ok();
  const std::vector<Right> rights = rights_of(options, bucket);
  std::vector<std::string> missing;
  std::vector<std::string> unknown;
  std::set<std::string> lost;
  std::set<std::string> lost_with_them;
  bool none_needed = true;
  bool needed = false;
  bool keys = false;
  bool may_set = true;
  for (const Right& right : rights) {
    if (!dry_run && right.name == "incrby" && !may_set) continue;
    Words words = right.command;
    if (dry_run) words.insert(words.begin(), {"ACL", "DRYRUN", user});
    auto reply = ask_one(ask, words);
    if (!reply) return std::unexpected(reply.error());
    if (is_unknown(*reply)) {
      if (std::ranges::find(unknown, right.name) == unknown.end()) unknown.push_back(right.name);
      lost_with_them.insert(right.lost);
      none_needed = none_needed && !right.needed;
      continue;
    }
    if (!is_refused(*reply, dry_run)) continue;
    if (right.name == "set") may_set = false;
    if (is_about_keys(*reply)) {
      keys = true;
    } else if (std::ranges::find(missing, "+" + right.name) == missing.end()) {
      missing.push_back("+" + right.name);
    }
    lost.insert(right.lost);
    needed = needed || right.needed;
  }
  const std::string how = dry_run ? "asked by ACL DRYRUN" : "tried on keys of its own";
  if (!unknown.empty()) {
    out.add(none_needed ? Severity::warning : Severity::problem, "commands",
            fmt::format("the server does not know {}: no {}", fmt::join(unknown, ", "),
                        fmt::join(lost_with_them, ", ")),
            "take rename-command for them out of the server's configuration, or use a server that "
            "has them");
  }
  if (missing.empty() && !keys) {
    out.ok("rights", fmt::format("user {} may do all that the store does ({})", user, how));
    return {};
  }
  if (keys) missing.insert(missing.begin(), "~" + options.prefix + "*");
  out.add(needed ? Severity::problem : Severity::warning, "rights",
          fmt::format("user {} lacks {} ({}): no {}", user, fmt::join(missing, " "), how,
                      fmt::join(lost, ", ")),
          fmt::format("ACL SETUSER {} {}", user, fmt::join(missing, " ")));
  return {};
}

}  // namespace leyden::cache
