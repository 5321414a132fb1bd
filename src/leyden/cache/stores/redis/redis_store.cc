#include "leyden/cache/stores/redis/redis_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "leyden/base/guarded.h"
#include "leyden/cache/gate.h"
#include "leyden/cache/stores/redis/redis_client.h"
#include "leyden/cache/stores/redis/redis_groups.h"
#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/redis_tracking.h"
#include "leyden/cache/ttl.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using net::RespValue;

constexpr std::size_t kKeysPerCommand = 512;
constexpr std::string_view kToldFor =
    "1000";  // Milliseconds that the mark of an erasure stays: it is heard when it is set.
constexpr std::string_view kWriting = "writing";
constexpr auto kClocksDifferBy = std::chrono::hours(1);

// Arguments of a command of any length; what they point to must outlive it.
using Arguments = std::vector<std::string_view>;

std::string text_of(std::int64_t number) { return fmt::format("{}", number); }

bool none(const GroupTag& tag) { return tag == GroupTag{}; }

// EXEC's reply: the last one.
const std::vector<RespValue>& executed(const RedisUnit& unit) { return unit.replies.back().items; }

// Not this write only: when another one goes well it is over.
bool refuses_all_writes(const RespValue& error) {
  for (const char* each : {"READONLY", "OOM", "MISCONF", "NOREPLICAS"}) {
    if (error.is_error(each)) return true;
  }
  return false;
}

// What went wrong with a unit, whether on the way or on the server.
std::optional<Error> error_of(const RedisUnit& unit) {
  if (unit.error) return unit.error;
  const RespValue* error = first_error(unit.replies);
  if (error == nullptr) return std::nullopt;
  return Error{Errc::unavailable, "the server says " + error->message()};
}

std::chrono::milliseconds time_to_live(const StoreEntry& entry, std::chrono::seconds of_store) {
  const auto ttl = std::min(entry.ttl.count() > 0 ? entry.ttl : of_store, kTtlMax);
  if (ttl.count() == 0) return 0ms;
  return std::max(
      std::chrono::duration_cast<std::chrono::milliseconds>(jittered_ttl(ttl, entry.key)), 1ms);
}

// One tenant's share in one bucket after a write.
struct Charged {
  GroupTag tenant;
  unsigned bucket;
  std::size_t position;  // Of its counter's reply among EXEC's.
};

}  // namespace

struct RedisStore::State {
  State(const RedisStoreOptions& given, std::shared_ptr<net::TlsContext> tls,
        const Clock& with_clock)
      : options(given),
        clock(with_clock),
        keys(options.prefix),
        client(options, std::move(tls), clock),
        tracking(client, keys, clock) {
    client.tend_also([this] { return tracking.tend(); });
  }

  // Runs `call` unless the store is closed or the deadline has passed.
  template <class T, class F>
  Result<T> guarded(Deadline deadline, F&& call) {
    if (deadline.passed()) return fail(Errc::timed_out, "past the deadline");
    const auto pass = gate.enter(deadline);
    if (!pass) return fail(Errc::unavailable, "the store is closed");
    return call();
  }

  // Runs units; the first error of them. For health() it remembers what the server refuses to do until it does it: no memory, no
  // rights, a replica. Whether it is there at all is what its breaker knows.
  std::optional<Error> run(std::string_view what, std::span<RedisUnit> units, Deadline deadline,
                           bool idempotent) {
    client.run(units, deadline, idempotent);
    for (const RedisUnit& unit : units) {
      const auto error = error_of(unit);
      if (!error) continue;
      const RespValue* said = first_error(unit.replies);
      if (said != nullptr && (!unit.error || said->is_error("READONLY"))) {
        const std::string_view refused = refuses_all_writes(*said) ? kWriting : what;
        troubles.with(
            [&](Troubles& all) { all.insert_or_assign(std::string(refused), error->message); });
      }
      return error;
    }
    troubles.with([&](Troubles& all) {
      if (const auto at = all.find(what); at != all.end()) all.erase(at);
    });
    return std::nullopt;
  }

  Result<std::vector<std::optional<Bytes>>> find(std::span<const BlockKey> wanted,
                                                 Deadline deadline);
  Result<void> put(std::span<const StoreEntry> entries, Deadline deadline);
  Result<std::uint64_t> erase(std::span<const BlockKey> erased, Deadline deadline);
  Result<std::uint64_t> erase_members(GroupKind kind, const GroupTag& tag, Deadline deadline);
  Result<void> tell_group(GroupKind kind, const GroupTag& tag, Deadline deadline);
  Result<StoreUsage> walk(Deadline deadline);

  using ByBucket = std::map<unsigned, std::vector<const StoreEntry*>>;
  void take_back_unlisted(std::span<const RedisUnit> units, const ByBucket& by_bucket,
                          Deadline deadline);
  void write_bucket(RedisUnit& unit, std::span<const StoreEntry* const> entries,
                    std::vector<Charged>& charged);
  void list(RedisUnit& unit, GroupKind kind, const GroupTag& tag,
            std::span<const StoreEntry* const> entries);
  void keep_for(RedisUnit& unit, const std::string& key, std::chrono::milliseconds ttl);
  std::optional<Error> hold_quotas(const std::vector<std::pair<GroupTag, unsigned>>& over,
                                   Deadline deadline);

  const RedisStoreOptions options;
  const Clock& clock;
  const RedisKeys keys;
  Gate gate;
  using Troubles = std::map<std::string, std::string, std::less<>>;  // What is refused, and why.
  Guarded<Troubles> troubles;
  std::atomic<bool> closed{false};
  std::once_flag closing;
  RedisClient client;
  RedisTracking tracking;
};

Result<std::vector<std::optional<Bytes>>> RedisStore::State::find(std::span<const BlockKey> wanted,
                                                                  Deadline deadline) {
  std::vector<std::optional<Bytes>> out(wanted.size());
  // A cluster wants the keys of one command in one slot.
  std::map<unsigned, std::vector<std::size_t>> by_bucket;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    by_bucket[options.mode == RedisMode::cluster ? bucket_of(wanted[i]) : 0].push_back(i);
  }
  std::vector<RedisUnit> units;
  for (const auto& [bucket, indices] : by_bucket) {
    RedisUnit& unit = units.emplace_back(bucket);
    for (std::size_t begin = 0; begin < indices.size(); begin += kKeysPerCommand) {
      const std::size_t end = std::min(begin + kKeysPerCommand, indices.size());
      std::vector<std::string> names;
      names.reserve(end - begin);
      for (std::size_t i = begin; i < end; ++i) names.push_back(keys.value(wanted[indices[i]]));
      Arguments arguments{"MGET"};
      arguments.insert(arguments.end(), names.begin(), names.end());
      unit.request.add(arguments);
    }
  }
  if (auto error = run("reading", units, deadline, true)) return std::unexpected(std::move(*error));
  auto unit = units.begin();
  for (const auto& [bucket, indices] : by_bucket) {
    std::size_t next = 0;
    for (RespValue& reply : (unit++)->replies) {
      for (RespValue& value : reply.items) {
        if (next == indices.size())
          return fail(Errc::corrupt, "the server answers with more values than were asked for");
        if (value.type == RespValue::Type::text) out[indices[next]] = std::move(value.bytes);
        ++next;
      }
    }
    if (next != indices.size())
      return fail(Errc::corrupt, "the server answers with fewer values than were asked for");
  }
  if (std::ranges::any_of(out, [](const auto& value) { return value.has_value(); }))
    tracking.read_something();
  return out;
}

// Sets the key's time to live where it has none or a shorter one.
void RedisStore::State::keep_for(RedisUnit& unit, const std::string& key,
                                 std::chrono::milliseconds ttl) {
  const std::string time = text_of(ttl.count());
  unit.request.add({"PEXPIRE", key, time, "NX"});
  unit.request.add({"PEXPIRE", key, time, "GT"});
}

// Lists entries in their group. With a quota INCRBY, the last but two, answers what the tenant is charged with.
void RedisStore::State::list(RedisUnit& unit, GroupKind kind, const GroupTag& tag,
                             std::span<const StoreEntry* const> entries) {
  const std::string key = keys.group(kind, tag, unit.bucket);
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall().time_since_epoch());
  std::vector<std::string> texts;
  std::chrono::milliseconds longest{0};
  for (const StoreEntry* entry : entries) {
    auto ttl = time_to_live(*entry, options.ttl);
    texts.push_back(ttl.count() == 0 ? "+inf" : text_of((now + ttl).count()));
    texts.push_back(
        RedisMember{entry->key, charged_bytes(entry->value.size(), keys, entry->key)}.text());
    if (ttl.count() == 0) ttl = kTtlMax;
    longest = std::max(longest, ttl);
  }
  Arguments arguments{"ZADD", key};
  arguments.insert(arguments.end(), texts.begin(), texts.end());
  unit.request.add(arguments);
  unit.request.add({"ZREMRANGEBYSCORE", key, "-inf", text_of((now - kClocksDifferBy).count())});
  keep_for(unit, key, longest + kClocksDifferBy);
  if (kind != GroupKind::tenant || options.tenant_quota_bytes == 0) return;
  std::int64_t bytes = 0;
  for (const StoreEntry* entry : entries)
    bytes += charged_bytes(entry->value.size(), keys, entry->key);
  const std::string counter = keys.tenant_bytes(tag, unit.bucket);
  unit.request.add({"INCRBY", counter, text_of(bytes)});
  keep_for(unit, counter, longest + kClocksDifferBy);
}

void RedisStore::State::write_bucket(RedisUnit& unit, std::span<const StoreEntry* const> entries,
                                     std::vector<Charged>& charged) {
  std::map<std::pair<GroupKind, GroupTag>, std::vector<const StoreEntry*>> groups;
  for (const StoreEntry* entry : entries) {
    if (!none(entry->tenant)) groups[{GroupKind::tenant, entry->tenant}].push_back(entry);
    if (!none(entry->tokenizer)) groups[{GroupKind::tokenizer, entry->tokenizer}].push_back(entry);
  }
  // A transaction, so that no value is there that its group does not list.
  if (!groups.empty()) unit.request.add({"MULTI"});
  for (const StoreEntry* entry : entries) {
    const std::string key = keys.value(entry->key);
    const std::string_view value = as_text(entry->value);
    const auto ttl = time_to_live(*entry, options.ttl);
    if (ttl.count() == 0) {
      unit.request.add({"SET", key, value});
    } else {
      unit.request.add({"SET", key, value, "PX", text_of(ttl.count())});
    }
  }
  for (const auto& [group, of_group] : groups) {
    list(unit, group.first, group.second, of_group);
    // MULTI itself has no reply among EXEC's.
    if (group.first == GroupKind::tenant && options.tenant_quota_bytes != 0) {
      charged.push_back({group.second, unit.bucket, unit.request.commands() - 4});
    }
  }
  if (!groups.empty()) unit.request.add({"EXEC"});
}

Result<void> RedisStore::State::put(std::span<const StoreEntry> entries, Deadline deadline) {
  ByBucket by_bucket;
  for (const StoreEntry& entry : entries) by_bucket[bucket_of(entry.key)].push_back(&entry);
  std::vector<RedisUnit> units;
  std::vector<std::vector<Charged>> charged;
  for (const auto& [bucket, of_bucket] : by_bucket) {
    write_bucket(units.emplace_back(bucket), of_bucket, charged.emplace_back());
  }
  if (auto error = run(kWriting, units, deadline, true)) {
    take_back_unlisted(units, by_bucket, deadline);
    return std::unexpected(std::move(*error));
  }
  std::vector<std::pair<GroupTag, unsigned>> over;
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (const Charged& one : charged[i]) {
      if (one.position >= executed(units[i]).size())
        return fail(Errc::corrupt, "the server's EXEC answers with too few replies");
      const std::int64_t bytes = executed(units[i])[one.position].integer;
      if (bytes > static_cast<std::int64_t>(options.tenant_quota_bytes / kRedisBuckets))
        over.emplace_back(one.tenant, one.bucket);
    }
  }
  if (auto error = hold_quotas(over, deadline)) return std::unexpected(std::move(*error));
  return {};
}

// A transaction goes on behind an error: where a list holds something of another type, values were set that no group lists, and
// that an erasure of the group would leave.
void RedisStore::State::take_back_unlisted(std::span<const RedisUnit> units,
                                           const ByBucket& by_bucket, Deadline deadline) {
  std::vector<RedisUnit> removals;
  for (const RedisUnit& unit : units) {
    if (unit.error || unit.replies.empty() || first_error(executed(unit)) == nullptr) continue;
    std::vector<std::string> names;
    for (const StoreEntry* entry : by_bucket.at(unit.bucket))
      names.push_back(keys.value(entry->key));
    Arguments unlink{"UNLINK"};
    unlink.insert(unlink.end(), names.begin(), names.end());
    removals.emplace_back(unit.bucket).request.add(unlink);
  }
  if (!removals.empty()) client.run(removals, deadline, true);
}

// Counts anew what the tenants have in the buckets; those of their entries go that would expire first.
std::optional<Error> RedisStore::State::hold_quotas(
    const std::vector<std::pair<GroupTag, unsigned>>& over, Deadline deadline) {
  if (over.empty()) return std::nullopt;
  std::vector<RedisUnit> listed;
  for (const auto& [tenant, bucket] : over) {
    listed.emplace_back(bucket).request.add(
        {"ZRANGE", keys.group(GroupKind::tenant, tenant, bucket), "0", "-1"});
  }
  if (auto error = run(kWriting, listed, deadline, true)) return error;
  std::vector<RedisUnit> trims;
  for (std::size_t i = 0; i < over.size(); ++i) {
    const auto& [tenant, bucket] = over[i];
    std::vector<RedisMember> members;
    for (const RespValue& item : listed[i].replies.front().items) {
      if (const auto member = RedisMember::parse(item.text())) members.push_back(*member);
    }
    const Trim trim = trim_to(members, options.tenant_quota_bytes / kRedisBuckets);
    RedisUnit& unit = trims.emplace_back(bucket);
    unit.request.add({"MULTI"});
    for (std::size_t begin = 0; begin < trim.members; begin += kKeysPerCommand) {
      std::vector<std::string> texts;
      std::vector<std::string> names;
      for (std::size_t m = begin; m < std::min(begin + kKeysPerCommand, trim.members); ++m) {
        texts.push_back(members[m].text());
        names.push_back(keys.value(members[m].key));
      }
      const std::string group = keys.group(GroupKind::tenant, tenant, bucket);
      Arguments remove{"ZREM", group};
      remove.insert(remove.end(), texts.begin(), texts.end());
      unit.request.add(remove);
      Arguments unlink{"UNLINK"};
      unlink.insert(unlink.end(), names.begin(), names.end());
      unit.request.add(unlink);
    }
    unit.request.add({"SET", keys.tenant_bytes(tenant, bucket),
                      text_of(static_cast<std::int64_t>(trim.bytes_left)), "KEEPTTL"});
    unit.request.add({"EXEC"});
  }
  return run(kWriting, trims, deadline, false);
}

Result<std::uint64_t> RedisStore::State::erase(std::span<const BlockKey> erased,
                                               Deadline deadline) {
  std::map<unsigned, std::vector<BlockKey>> by_bucket;
  for (const BlockKey& key : erased) by_bucket[bucket_of(key)].push_back(key);
  std::vector<RedisUnit> units;
  for (const auto& [bucket, of_bucket] : by_bucket) {
    RedisUnit& unit = units.emplace_back(bucket);
    std::vector<std::string> names;
    for (const BlockKey& key : of_bucket) names.push_back(keys.value(key));
    Arguments unlink{"UNLINK"};
    unlink.insert(unlink.end(), names.begin(), names.end());
    unit.request.add(unlink);
    // Told after it is done: who forgets its copy at once must not find the value again.
    for (const BlockKey& key : of_bucket)
      unit.request.add({"SET", keys.erased(key), "", "PX", kToldFor});
  }
  if (auto error = run("erasing", units, deadline, false))
    return std::unexpected(std::move(*error));
  std::uint64_t count = 0;
  for (const RedisUnit& unit : units)
    count += static_cast<std::uint64_t>(unit.replies.front().integer);
  return count;
}

Result<std::uint64_t> RedisStore::State::erase_members(GroupKind kind, const GroupTag& tag,
                                                       Deadline deadline) {
  std::uint64_t count = 0;
  std::array<std::optional<std::int64_t>, kRedisBuckets>
      left{};  // What was there at the beginning and is to be looked at yet.
  while (true) {
    std::vector<RedisUnit> listed;
    for (unsigned bucket = 0; bucket < kRedisBuckets; ++bucket) {
      if (left[bucket] && *left[bucket] <= 0) continue;
      RedisUnit& unit = listed.emplace_back(bucket);
      const std::string group = keys.group(kind, tag, bucket);
      unit.request.add({"ZCARD", group});
      unit.request.add({"ZRANGE", group, "0", text_of(kKeysPerCommand - 1)});
    }
    if (listed.empty()) return count;
    if (auto error = run("erasing", listed, deadline, true))
      return std::unexpected(std::move(*error));
    std::vector<RedisUnit> erasures;
    for (const RedisUnit& unit : listed) {
      std::optional<std::int64_t>& of_bucket = left[unit.bucket];
      if (!of_bucket) of_bucket = unit.replies[0].integer;
      const std::vector<RespValue>& members = unit.replies[1].items;
      of_bucket = members.empty() ? 0 : *of_bucket - static_cast<std::int64_t>(members.size());
      if (members.empty()) continue;
      const std::string group = keys.group(kind, tag, unit.bucket);
      std::vector<std::string> names;
      Arguments remove{"ZREM", group};
      for (const RespValue& item : members) {
        remove.push_back(item.text());
        if (const auto member = RedisMember::parse(item.text()))
          names.push_back(keys.value(member->key));
      }
      const std::string nothing =
          group + ":";  // UNLINK wants a key, even where no member is one of ours.
      Arguments unlink{"UNLINK", nothing};
      unlink.insert(unlink.end(), names.begin(), names.end());
      // A transaction: what is written in between must not be left without being listed.
      RedisUnit& erasure = erasures.emplace_back(unit.bucket);
      erasure.request.add({"MULTI"});
      erasure.request.add(remove);
      erasure.request.add(unlink);
      if (kind == GroupKind::tenant)
        erasure.request.add({"UNLINK", keys.tenant_bytes(tag, unit.bucket)});
      erasure.request.add({"EXEC"});
    }
    if (auto error = run("erasing", erasures, deadline, false))
      return std::unexpected(std::move(*error));
    for (const RedisUnit& unit : erasures) {
      if (executed(unit).size() < 2)
        return fail(Errc::corrupt, "the server's EXEC answers with too few replies");
      count += static_cast<std::uint64_t>(executed(unit)[1].integer);
    }
  }
}

Result<void> RedisStore::State::tell_group(GroupKind kind, const GroupTag& tag, Deadline deadline) {
  std::vector<RedisUnit> told;
  told.emplace_back(bucket_of(tag))
      .request.add({"SET", keys.erased_group(kind, tag), "", "PX", kToldFor});
  if (auto error = run("erasing", told, deadline, true)) return std::unexpected(std::move(*error));
  return {};
}

Result<StoreUsage> RedisStore::State::walk(Deadline deadline) {
  const auto ask = [&](RedisNode& node,
                       const net::RespRequest& request) -> Result<std::vector<RespValue>> {
    auto sent = node.send(request);
    if (!sent) return std::unexpected(sent.error());
    auto replies = (*sent)->wait(deadline);
    if (!replies) return replies;
    if (const RespValue* error = first_error(*replies))
      return fail(Errc::unavailable, "the server says {}", error->message());
    return replies;
  };
  if (auto known = client.directory().node_of(0, deadline); !known)
    return std::unexpected(known.error());
  StoreUsage out;
  for (const auto& node : client.directory().masters()) {
    std::string cursor = "0";
    do {
      net::RespRequest scan;
      scan.add({"SCAN", cursor, "MATCH", keys.values_pattern(), "COUNT", "1000"});
      auto page = ask(*node, scan);
      if (!page) return std::unexpected(page.error());
      if (page->front().items.size() != 2)
        return fail(Errc::corrupt, "the server's SCAN has another form");
      cursor = page->front().items[0].text();
      net::RespRequest sizes;
      for (const RespValue& name : page->front().items[1].items) {
        sizes.add({"STRLEN", name.text()});
        out.bytes_used += name.text().size();
        ++out.entries;
      }
      if (sizes.commands() == 0) continue;
      auto lengths = ask(*node, sizes);
      if (!lengths) return std::unexpected(lengths.error());
      for (const RespValue& length : *lengths)
        out.bytes_used += static_cast<std::uint64_t>(length.integer);
    } while (cursor != "0");
  }
  return out;
}

RedisStore::RedisStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

RedisStore::~RedisStore() { close(); }

Result<std::unique_ptr<RedisStore>> RedisStore::open(const RedisStoreOptions& options,
                                                     const Clock& clock) {
  if (auto checked = options.check(); !checked) return std::unexpected(checked.error());
  std::shared_ptr<net::TlsContext> tls;
  if (options.tls) {
    auto made = net::TlsContext::make(options.tls_options);
    if (!made) return std::unexpected(made.error());
    tls = *made;
  }
  return std::unique_ptr<RedisStore>(
      new RedisStore(std::make_unique<State>(options, std::move(tls), clock)));
}

Result<std::vector<std::optional<Bytes>>> RedisStore::find_many(std::span<const BlockKey> keys,
                                                                Deadline deadline) {
  return state_->guarded<std::vector<std::optional<Bytes>>>(
      deadline, [&]() -> Result<std::vector<std::optional<Bytes>>> {
        if (keys.empty()) return {};
        return state_->find(keys, deadline);
      });
}

Result<void> RedisStore::put_many(std::span<const StoreEntry> entries, Deadline deadline) {
  return state_->guarded<void>(deadline, [&]() -> Result<void> {
    for (const StoreEntry& entry : entries) {
      if (entry.value.size() > state_->options.value_bytes_max) {
        return fail(Errc::invalid_argument, "a value of {} bytes; the store takes up to {}",
                    entry.value.size(), state_->options.value_bytes_max);
      }
    }
    if (entries.empty()) return {};
    return state_->put(entries, deadline);
  });
}

Result<std::uint64_t> RedisStore::erase_many(std::span<const BlockKey> keys, Deadline deadline) {
  return state_->guarded<std::uint64_t>(deadline, [&]() -> Result<std::uint64_t> {
    if (keys.empty()) return 0;
    return state_->erase(keys, deadline);
  });
}

Result<std::uint64_t> RedisStore::erase_group(GroupKind kind, const GroupTag& tag,
                                              Deadline deadline) {
  return state_->guarded<std::uint64_t>(deadline, [&]() -> Result<std::uint64_t> {
    if (none(tag)) return fail(Errc::invalid_argument, "a group without a name");
    auto count = state_->erase_members(kind, tag, deadline);
    // Told in any case, and after it is done: a part may be gone.
    const auto told = state_->tell_group(kind, tag, deadline);
    if (count && !told) return std::unexpected(told.error());
    return count;
  });
}

void RedisStore::listen(StoreListener* listener) { state_->tracking.listen(listener); }

StoreHealth RedisStore::health() const {
  if (state_->closed) return {StoreState::off, "closed"};
  const auto masters = state_->client.directory().masters();
  if (masters.empty()) return {StoreState::off, "nobody has said yet who the master is"};
  std::size_t open = 0;
  std::string reason;
  for (const auto& node : masters) {
    if (!node->breaker().open()) continue;
    ++open;
    reason = node->breaker().reason();
  }
  if (open == masters.size()) return {StoreState::off, reason};
  if (open > 0)
    return {StoreState::degraded,
            fmt::format("{} of {} servers: {}", open, masters.size(), reason)};
  state_->troubles.with([&](const auto& all) {
    for (const auto& [what, why] : all)
      reason += fmt::format("{}{}: {}", reason.empty() ? "" : "; ", what, why);
  });
  if (reason.empty()) reason = state_->tracking.trouble();
  return {reason.empty() ? StoreState::on : StoreState::degraded, reason};
}

void RedisStore::close() {
  std::call_once(state_->closing, [this] {
    state_->closed = true;
    state_->client.close();  // Whoever waits is answered now,
    state_->gate.close();    // and has left from here on.
    state_->tracking.close();
    state_->client.stop();
  });
}

Result<StoreUsage> RedisStore::usage(Deadline deadline) {
  return state_->guarded<StoreUsage>(deadline, [&] { return state_->walk(deadline); });
}

Result<std::optional<LeaseToken>> RedisStore::try_lease(const BlockKey& key,
                                                        std::chrono::milliseconds duration,
                                                        Deadline deadline) {
  return state_->guarded<std::optional<LeaseToken>>(
      deadline, [&]() -> Result<std::optional<LeaseToken>> {
        if (duration.count() < 1)
          return fail(Errc::invalid_argument, "a lease of {} ms", duration.count());
        std::random_device random;
        const LeaseToken token =
            fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
        std::vector<RedisUnit> units;
        units.emplace_back(bucket_of(key))
            .request.add(
                {"SET", state_->keys.lease(key), token, "NX", "PX", text_of(duration.count())});
        if (auto error = state_->run("leasing", units, deadline, false))
          return std::unexpected(std::move(*error));
        if (units.front().replies.front().is_null()) return std::nullopt;
        return token;
      });
}

Result<bool> RedisStore::release_lease(const BlockKey& key, const LeaseToken& token,
                                       Deadline deadline) {
  return state_->guarded<bool>(deadline, [&]() -> Result<bool> {
    constexpr std::string_view kRelease =
        "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end "
        "return 0";
    std::vector<RedisUnit> units;
    units.emplace_back(bucket_of(key))
        .request.add({"EVAL", kRelease, "1", state_->keys.lease(key), token});
    if (auto error = state_->run("leasing", units, deadline, false))
      return std::unexpected(std::move(*error));
    return units.front().replies.front().integer == 1;
  });
}

}  // namespace leyden::cache
