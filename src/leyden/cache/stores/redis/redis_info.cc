#include "leyden/cache/stores/redis/redis_info.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ratio>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace leyden::cache {
namespace {

constexpr std::uint64_t kMaxmemoryMin = 64 * MiB;
constexpr std::uint64_t kIdleTimeoutMin_s = 60;
constexpr double kCertificateDaysMin = 14;
constexpr std::uint64_t kForkNote_us = 20'000;
constexpr std::uint64_t kForkWarning_us = 200'000;  // Look-ups wait 250 ms by default.

std::string mib(std::uint64_t bytes) {
  return fmt::format("{:.0f} MiB", static_cast<double>(bytes) / static_cast<double>(MiB));
}

double part(std::uint64_t of, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(of) / static_cast<double>(all);
}

// Whether a full server makes room by itself: volatile-* finds nothing to evict where no value has a time to live.
bool makes_room(std::string_view policy, const RedisStoreOptions& options) {
  return policy.starts_with("allkeys-") ||
         (policy.starts_with("volatile-") && options.ttl.count() > 0);
}

void judge_maxmemory(const RedisInfo& info, const RedisStoreOptions& options, Findings& out) {
  const auto limit = info.number("maxmemory");
  if (!limit) return;
  const std::uint64_t machine = info.number("total_system_memory").value_or(0);
  if (*limit == 0) {
    const bool forever = options.ttl.count() == 0;
    out.add(
        forever ? Severity::problem : Severity::warning, "maxmemory",
        fmt::format("no limit (maxmemory 0): the cache grows {}",
                    forever       ? "without end, because ttl_s is 0"
                    : machine > 0 ? fmt::format("until the machine's {} are full", mib(machine))
                                  : std::string("until the machine is full")),
        "set maxmemory in the server's configuration, e.g. maxmemory 2gb, with maxmemory-policy "
        "allkeys-lru or volatile-ttl");
  } else if (*limit < kMaxmemoryMin) {
    out.warning("maxmemory",
                fmt::format("{} in all: values go before they are read again", mib(*limit)),
                fmt::format("raise maxmemory to {} at least; a million tokens take about 3 MiB",
                            mib(kMaxmemoryMin)));
  } else if (machine > 0 && part(*limit, machine) > 0.9) {
    out.warning("maxmemory",
                fmt::format("{} of the machine's {}: no room for connections and the system",
                            mib(*limit), mib(machine)),
                fmt::format("lower maxmemory to {} at most", mib(machine / 4 * 3)));
  } else {
    out.ok("maxmemory", mib(*limit));
  }
}

void judge_policy(const RedisInfo& info, const RedisStoreOptions& options, Findings& out) {
  const std::string policy(info.text("maxmemory_policy"));
  if (policy.empty()) return;
  const bool limited = info.number("maxmemory").value_or(0) > 0;
  if (policy == "noeviction") {
    if (options.tenant_quota_bytes > 0) {
      out.note("policy", "noeviction with quotas by tenant: right where erasures must be complete",
               "keep the quotas of all tenants together below maxmemory");
    } else if (limited) {
      out.warning("policy", "noeviction: a full server refuses writes",
                  "set maxmemory-policy allkeys-lru, or volatile-ttl where others keep data here");
    } else {
      out.note("policy", "noeviction: with a limit it would refuse writes when full",
               "set maxmemory-policy allkeys-lru, or volatile-ttl where others keep data here");
    }
  } else if (policy.starts_with("volatile-") && options.ttl.count() == 0) {
    out.problem(
        "policy",
        fmt::format("{}, and values without a time to live (ttl_s=0): nothing can be evicted",
                    policy),
        "give ttl_s a value, or set maxmemory-policy allkeys-lru");
  } else if (policy.ends_with("-random")) {
    out.note("policy", fmt::format("{}: evicts what is used much as soon as the rest", policy),
             fmt::format("set maxmemory-policy {}-lru", policy.substr(0, policy.find('-'))));
  } else {
    out.ok("policy", policy);
  }
}

void judge_persistence(const RedisInfo& info, Findings& out) {
  if (info.text("aof_enabled").empty()) return;
  const bool aof = info.text("aof_enabled") == "1";
  const std::string_view save = info.text("save");
  if (aof && info.text("aof_last_write_status") == "err") {
    out.problem("persistence", "the last write to the append-only file failed: writes are refused",
                "free its disk, or set appendonly no: a cache needs no persistence");
  } else if (info.text("rdb_last_bgsave_status") == "err" && !save.empty()) {
    out.problem("persistence", "the last snapshot failed: writes are refused until one succeeds",
                "free its disk, or set save \"\": a cache needs no persistence");
  } else if (aof || !save.empty()) {
    out.note("persistence",
             aof ? "an append-only file is written"
                 : fmt::format("snapshots are written (save {})", save),
             "set appendonly no and save \"\" where the server holds only this cache: what is lost "
             "is tokenized again");
  } else {
    out.ok("persistence", "no append-only file");
  }
}

// Copying the tables of pages stops the server; snapshots, rewriting the append-only file and a new replica's copy need it.
void judge_fork(const RedisInfo& info, Findings& out) {
  const auto fork_us = info.number("latest_fork_usec");
  if (!fork_us || *fork_us == 0) return;
  std::string seen = fmt::format("the last one stopped the server for {:.1f} ms",
                                 static_cast<double>(*fork_us) / 1000);
  const char* const advice =
      "set appendonly no and save \"\", or a smaller maxmemory; transparent huge pages off";
  if (*fork_us > kForkWarning_us) {
    out.warning("fork", std::move(seen), advice);
  } else if (*fork_us > kForkNote_us) {
    out.note("fork", std::move(seen), advice);
  } else {
    out.ok("fork", std::move(seen));
  }
}

void judge_eviction(const RedisInfo& info, const RedisStoreOptions& options, Findings& out) {
  const std::uint64_t limit = info.number("maxmemory").value_or(0);
  const auto used = info.number("used_memory");
  const auto evicted = info.number("evicted_keys");
  if (!used || !evicted) return;
  const std::string fill = limit == 0 ? mib(*used) + " used"
                                      : fmt::format("{} of {} used ({:.0f} %)", mib(*used),
                                                    mib(limit), 100 * part(*used, limit));
  const double days =
      static_cast<double>(info.number("uptime_in_seconds").value_or(0)) / (24 * 3600);
  if (limit > 0 && part(*used, limit) > 0.95 &&
      !makes_room(info.text("maxmemory_policy"), options)) {
    out.problem("eviction", fill + ": writes are refused", "raise maxmemory or change the policy");
  } else if (limit > 0 && part(*used, limit) > 0.8 &&
             !makes_room(info.text("maxmemory_policy"), options)) {
    out.warning("eviction", fill + ": writes will be refused",
                "raise maxmemory or change the policy");
  } else if (*evicted > 0) {
    out.note("eviction",
             fmt::format("{}; {} keys evicted in {:.1f} days to make room", fill, *evicted, days),
             "raise maxmemory if the hit rate (leyden stats) is low");
  } else {
    out.ok("eviction", fill + ", nothing evicted");
  }
}

void judge_clients(const RedisInfo& info, const RedisStoreOptions& options, Findings& out) {
  const auto most = info.number("maxclients");
  const auto now = info.number("connected_clients");
  if (!most || !now) return;
  const std::uint64_t rejected = info.number("rejected_connections").value_or(0);
  const std::string seen = fmt::format("{} of {} connections in use", *now, *most);
  const std::string advice = fmt::format(
      "raise maxclients: a Leyden process takes {} to each server", options.connections + 1);
  if (part(*now, *most) > 0.8) {
    out.warning("clients", seen, advice);
  } else if (rejected > 0) {
    out.warning("clients",
                fmt::format("{}; {} were refused since the server's start", seen, rejected),
                advice);
  } else {
    out.ok("clients", seen);
  }
}

void judge_timeout(const RedisInfo& info, Findings& out) {
  const auto seconds = info.number("timeout");
  if (!seconds) return;
  if (*seconds > 0 && *seconds < kIdleTimeoutMin_s) {
    out.note("timeout", fmt::format("idle connections are closed after {} s", *seconds),
             "set timeout 0, or 60 and more");
  } else {
    out.ok("timeout", *seconds == 0 ? std::string("idle connections stay")
                                    : fmt::format("idle connections stay {} s", *seconds));
  }
}

}  // namespace

RedisInfo RedisInfo::parse(std::string_view text) {
  RedisInfo out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.starts_with('#')) continue;
    out.set(line.substr(0, colon), line.substr(colon + 1));
  }
  return out;
}

std::string_view RedisInfo::text(std::string_view name) const {
  const auto at = values_.find(name);
  return at == values_.end() ? std::string_view() : std::string_view(at->second);
}

std::optional<std::uint64_t> RedisInfo::number(std::string_view name) const {
  const std::string_view digits = text(name);
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc() || digits.empty() || end != digits.data() + digits.size())
    return std::nullopt;
  return out;
}

void judge(const RedisInfo& info, const RedisStoreOptions& options, Findings& out) {
  judge_maxmemory(info, options, out);
  judge_policy(info, options, out);
  judge_persistence(info, out);
  judge_fork(info, out);
  judge_eviction(info, options, out);
  judge_clients(info, options, out);
  judge_timeout(info, out);
}

void judge_version(std::string_view server, std::string_view version, Findings& out) {
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  const bool known = server == "redis" || server == "valkey";
  const std::string name(server == "redis" ? "Redis" : server == "valkey" ? "Valkey" : server);
  if (major < 7) {
    out.problem("version", fmt::format("{} {}: too old", name, version),
                "use Redis 7 or later, or Valkey 8");
  } else {
    out.ok("version", fmt::format("{} {}{}", name, version, known ? "" : " (not tested by us)"));
  }
}

void judge_certificate(std::chrono::system_clock::time_point expires,
                       std::chrono::system_clock::time_point now, Findings& out) {
  const double days = std::chrono::duration<double, std::ratio<86400>>(expires - now).count();
  std::string seen =
      fmt::format("the server's ends on {:%Y-%m-%d}, in {:.0f} days",
                  fmt::gmtime(std::chrono::system_clock::to_time_t(expires)), std::floor(days));
  if (days < kCertificateDaysMin) {
    out.warning("certificate", std::move(seen),
                "give the server another one before: from then on it is not connected to");
  } else {
    out.ok("certificate", std::move(seen));
  }
}

}  // namespace leyden::cache
