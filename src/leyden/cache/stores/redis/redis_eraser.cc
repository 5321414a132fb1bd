#include "leyden/cache/stores/redis/redis_eraser.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "leyden/cache/stores/redis/redis_groups.h"

namespace leyden::cache {
namespace {

using net::RespValue;

// Sets marks and takes them away in one transaction: the server gathers what was touched and tells it after the transaction, once. A mark that
// expired would be told again, at any later time.
void tell(net::RespRequest& request, const std::vector<std::string>& marks) {
  request.add({"MULTI"});
  for (const std::string& mark : marks) request.add({"SET", mark, ""});
  request.add(on_keys("UNLINK", marks));
  request.add({"EXEC"});
}

}  // namespace

Result<std::uint64_t> RedisEraser::erase_keys(std::span<const BlockKey> erased, Deadline deadline) {
  std::map<unsigned, std::vector<BlockKey>> by_bucket;
  for (const BlockKey& key : erased) by_bucket[bucket_of(key)].push_back(key);
  std::vector<RedisUnit> units;
  for (const auto& [bucket, of_bucket] : by_bucket) {
    RedisUnit& unit = units.emplace_back(bucket);
    std::vector<std::string> names;
    std::vector<std::string> marks;
    for (const BlockKey& key : of_bucket) {
      names.push_back(keys_.value(key));
      marks.push_back(keys_.erased(key));
    }
    unit.request.add(on_keys("UNLINK", names));
    // Told after it is done: who forgets its copy at once must not find the value again.
    tell(unit.request, marks);
  }
  if (auto error = calls_.run(RedisCalls::kErasing, units, deadline, false))
    return std::unexpected(std::move(*error));
  std::uint64_t count = 0;
  for (const RedisUnit& unit : units)
    count += static_cast<std::uint64_t>(unit.replies.front().integer);
  return count;
}

Result<std::uint64_t> RedisEraser::erase_group(GroupKind kind, const GroupTag& tag,
                                               Deadline deadline) {
  std::uint64_t count = 0;
  std::array<std::optional<std::int64_t>, kRedisBuckets>
      left{};  // What was there at the beginning and is to be looked at yet.
  while (true) {
    std::vector<RedisUnit> listed;
    for (unsigned bucket = 0; bucket < kRedisBuckets; ++bucket) {
      if (left[bucket] && *left[bucket] <= 0) continue;
      RedisUnit& unit = listed.emplace_back(bucket);
      const std::string group = keys_.group(kind, tag, bucket);
      unit.request.add({"ZCARD", group});
      unit.request.add({"ZRANGE", group, "0", text_of(kRedisKeysPerCommand - 1)});
    }
    if (listed.empty()) return count;
    if (auto error = calls_.run(RedisCalls::kErasing, listed, deadline, true))
      return std::unexpected(std::move(*error));
    std::vector<RedisUnit> erasures;
    for (const RedisUnit& unit : listed) {
      std::optional<std::int64_t>& of_bucket = left[unit.bucket];
      if (!of_bucket) of_bucket = unit.replies[0].integer;
      const std::vector<RespValue>& members = unit.replies[1].items;
      of_bucket = members.empty() ? 0 : *of_bucket - static_cast<std::int64_t>(members.size());
      if (members.empty()) continue;
      const std::string group = keys_.group(kind, tag, unit.bucket);
      std::vector<std::string> names;
      RedisArguments remove{"ZREM", group};
      for (const RespValue& item : members) {
        remove.push_back(item.text());
        if (const auto member = RedisMember::parse(item.text()))
          names.push_back(keys_.value(member->key));
      }
      const std::string nothing =
          group + ":";  // UNLINK wants a key, even where no member is one of ours.
      RedisArguments unlink{"UNLINK", nothing};
      unlink.insert(unlink.end(), names.begin(), names.end());
      // A transaction: what is written in between must not be left without being listed.
      RedisUnit& erasure = erasures.emplace_back(unit.bucket);
      erasure.request.add({"MULTI"});
      erasure.request.add(remove);
      erasure.request.add(unlink);
      if (kind == GroupKind::tenant)
        erasure.request.add({"UNLINK", keys_.tenant_bytes(tag, unit.bucket)});
      erasure.request.add({"EXEC"});
    }
    if (auto error = calls_.run(RedisCalls::kErasing, erasures, deadline, false))
      return std::unexpected(std::move(*error));
    for (const RedisUnit& unit : erasures) {
      if (executed(unit).size() < 2)
        return fail(Errc::corrupt, "the server's EXEC answers with too few replies");
      count += static_cast<std::uint64_t>(executed(unit)[1].integer);
    }
  }
}

Result<void> RedisEraser::tell_group(GroupKind kind, const GroupTag& tag, Deadline deadline) {
  std::vector<RedisUnit> told;
  tell(told.emplace_back(bucket_of(tag)).request, {keys_.erased_group(kind, tag)});
  if (auto error = calls_.run(RedisCalls::kErasing, told, deadline, true))
    return std::unexpected(std::move(*error));
  return {};
}

}  // namespace leyden::cache
