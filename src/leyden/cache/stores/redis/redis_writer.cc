#include "leyden/cache/stores/redis/redis_writer.h"

#include <algorithm>
#include <string>

#include "leyden/cache/stores/redis/redis_groups.h"
#include "leyden/cache/ttl.h"

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;
using net::RespValue;

constexpr auto kClocksDifferBy = std::chrono::hours(1);

bool none(const GroupTag& tag) { return tag == GroupTag{}; }

std::chrono::milliseconds time_to_live(const StoreEntry& entry, std::chrono::seconds of_store) {
  const auto ttl = std::min(entry.ttl.count() > 0 ? entry.ttl : of_store, kTtlMax);
  if (ttl.count() == 0) return 0ms;
  return std::max(
      std::chrono::duration_cast<std::chrono::milliseconds>(jittered_ttl(ttl, entry.key)), 1ms);
}

// Sets the key's time to live where it has none or a shorter one.
void keep_for(RedisUnit& unit, const std::string& key, std::chrono::milliseconds ttl) {
  const std::string time = text_of(ttl.count());
  unit.request.add({"PEXPIRE", key, time, "NX"});
  unit.request.add({"PEXPIRE", key, time, "GT"});
}

}  // namespace

// Lists entries in their group. With a quota INCRBY, the last but two, answers what the tenant is charged with.
void RedisWriter::list(RedisUnit& unit, GroupKind kind, const GroupTag& tag,
                       std::span<const StoreEntry* const> entries) const {
  const std::string key = keys_.group(kind, tag, unit.bucket);
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.wall().time_since_epoch());
  std::vector<std::string> texts;
  std::chrono::milliseconds longest{0};
  for (const StoreEntry* entry : entries) {
    auto ttl = time_to_live(*entry, options_.ttl);
    texts.push_back(ttl.count() == 0 ? "+inf" : text_of((now + ttl).count()));
    texts.push_back(
        RedisMember{entry->key, charged_bytes(entry->value.size(), keys_, entry->key)}.text());
    if (ttl.count() == 0) ttl = kTtlMax;
    longest = std::max(longest, ttl);
  }
  RedisArguments arguments{"ZADD", key};
  arguments.insert(arguments.end(), texts.begin(), texts.end());
  unit.request.add(arguments);
  unit.request.add({"ZREMRANGEBYSCORE", key, "-inf", text_of((now - kClocksDifferBy).count())});
  keep_for(unit, key, longest + kClocksDifferBy);
  if (kind != GroupKind::tenant || options_.tenant_quota_bytes == 0) return;
  std::int64_t bytes = 0;
  for (const StoreEntry* entry : entries)
    bytes += charged_bytes(entry->value.size(), keys_, entry->key);
  const std::string counter = keys_.tenant_bytes(tag, unit.bucket);
  unit.request.add({"INCRBY", counter, text_of(bytes)});
  keep_for(unit, counter, longest + kClocksDifferBy);
}

void RedisWriter::write_bucket(RedisUnit& unit, std::span<const StoreEntry* const> entries,
                               std::vector<Charged>& charged) const {
  std::map<std::pair<GroupKind, GroupTag>, std::vector<const StoreEntry*>> groups;
  for (const StoreEntry* entry : entries) {
    if (!none(entry->tenant)) groups[{GroupKind::tenant, entry->tenant}].push_back(entry);
    if (!none(entry->tokenizer)) groups[{GroupKind::tokenizer, entry->tokenizer}].push_back(entry);
  }
  // A transaction, so that no value is there that its group does not list.
  if (!groups.empty()) unit.request.add({"MULTI"});
  for (const StoreEntry* entry : entries) {
    const std::string key = keys_.value(entry->key);
    const std::string_view value = as_text(entry->value);
    const auto ttl = time_to_live(*entry, options_.ttl);
    if (ttl.count() == 0) {
      unit.request.add({"SET", key, value});
    } else {
      unit.request.add({"SET", key, value, "PX", text_of(ttl.count())});
    }
  }
  for (const auto& [group, of_group] : groups) {
    list(unit, group.first, group.second, of_group);
    // MULTI itself has no reply among EXEC's.
    if (group.first == GroupKind::tenant && options_.tenant_quota_bytes != 0) {
      charged.push_back({group.second, unit.bucket, unit.request.commands() - 4});
    }
  }
  if (!groups.empty()) unit.request.add({"EXEC"});
}

Result<void> RedisWriter::put(std::span<const StoreEntry> entries, Deadline deadline) {
  ByBucket by_bucket;
  for (const StoreEntry& entry : entries) by_bucket[bucket_of(entry.key)].push_back(&entry);
  std::vector<RedisUnit> units;
  std::vector<std::vector<Charged>> charged;
  for (const auto& [bucket, of_bucket] : by_bucket) {
    write_bucket(units.emplace_back(bucket), of_bucket, charged.emplace_back());
  }
  if (auto error = calls_.run(RedisCalls::kWriting, units, deadline, true)) {
    take_back_unlisted(units, by_bucket, deadline);
    return std::unexpected(std::move(*error));
  }
  std::vector<std::pair<GroupTag, unsigned>> over;
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (const Charged& one : charged[i]) {
      if (one.position >= executed(units[i]).size())
        return fail(Errc::corrupt, "the server's EXEC answers with too few replies");
      const std::int64_t bytes = executed(units[i])[one.position].integer;
      if (bytes > static_cast<std::int64_t>(options_.tenant_quota_bytes / kRedisBuckets))
        over.emplace_back(one.tenant, one.bucket);
    }
  }
  if (auto error = hold_quotas(over, deadline)) return std::unexpected(std::move(*error));
  return {};
}

// A transaction goes on behind an error: where a list holds something of another type, values were set that no group lists, and
// that an erasure of the group would leave.
void RedisWriter::take_back_unlisted(std::span<const RedisUnit> units, const ByBucket& by_bucket,
                                     Deadline deadline) {
  std::vector<RedisUnit> removals;
  for (const RedisUnit& unit : units) {
    if (unit.error || unit.replies.empty() || first_error(executed(unit)) == nullptr) continue;
    std::vector<std::string> names;
    for (const StoreEntry* entry : by_bucket.at(unit.bucket))
      names.push_back(keys_.value(entry->key));
    removals.emplace_back(unit.bucket).request.add(on_keys("UNLINK", names));
  }
  if (!removals.empty()) calls_.client().run(removals, deadline, true);
}

// Counts anew what the tenants have in the buckets; those of their entries go that would expire first.
std::optional<Error> RedisWriter::hold_quotas(
    const std::vector<std::pair<GroupTag, unsigned>>& over, Deadline deadline) {
  if (over.empty()) return std::nullopt;
  std::vector<RedisUnit> listed;
  for (const auto& [tenant, bucket] : over) {
    listed.emplace_back(bucket).request.add(
        {"ZRANGE", keys_.group(GroupKind::tenant, tenant, bucket), "0", "-1"});
  }
  if (auto error = calls_.run(RedisCalls::kWriting, listed, deadline, true)) return error;
  std::vector<RedisUnit> trims;
  for (std::size_t i = 0; i < over.size(); ++i) {
    const auto& [tenant, bucket] = over[i];
    std::vector<RedisMember> members;
    for (const RespValue& item : listed[i].replies.front().items) {
      if (const auto member = RedisMember::parse(item.text())) members.push_back(*member);
    }
    const Trim trim = trim_to(members, options_.tenant_quota_bytes / kRedisBuckets);
    RedisUnit& unit = trims.emplace_back(bucket);
    unit.request.add({"MULTI"});
    for (std::size_t begin = 0; begin < trim.members; begin += kRedisKeysPerCommand) {
      std::vector<std::string> texts;
      std::vector<std::string> names;
      for (std::size_t m = begin; m < std::min(begin + kRedisKeysPerCommand, trim.members); ++m) {
        texts.push_back(members[m].text());
        names.push_back(keys_.value(members[m].key));
      }
      const std::string group = keys_.group(GroupKind::tenant, tenant, bucket);
      RedisArguments remove{"ZREM", group};
      remove.insert(remove.end(), texts.begin(), texts.end());
      unit.request.add(remove);
      unit.request.add(on_keys("UNLINK", names));
    }
    unit.request.add({"SET", keys_.tenant_bytes(tenant, bucket),
                      text_of(static_cast<std::int64_t>(trim.bytes_left)), "KEEPTTL"});
    unit.request.add({"EXEC"});
  }
  return calls_.run(RedisCalls::kWriting, trims, deadline, false);
}

}  // namespace leyden::cache
