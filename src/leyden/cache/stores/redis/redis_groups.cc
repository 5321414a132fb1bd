#include "leyden/cache/stores/redis/redis_groups.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace leyden::cache {
namespace {

constexpr std::size_t kMemberSize = 36;
// Of redis-server 7.0: the entry in the table, the object, the expiry, and the members of two groups.
constexpr std::size_t kOverhead = 300;

}  // namespace

std::string RedisMember::text() const {
  std::string out(as_text(key.bytes));
  for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(bytes >> (8 * i));
  return out;
}

std::optional<RedisMember> RedisMember::parse(std::string_view text) {
  if (text.size() != kMemberSize) return std::nullopt;
  RedisMember out;
  std::memcpy(out.key.bytes.data(), text.data(), out.key.bytes.size());
  for (unsigned i = 0; i < 4; ++i)
    out.bytes |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[32 + i])) << (8 * i);
  return out;
}

std::uint32_t charged_bytes(std::size_t value_bytes, const RedisKeys& keys, const BlockKey& key) {
  const std::size_t all = value_bytes + keys.value(key).size() + kOverhead;
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(all, std::numeric_limits<std::uint32_t>::max()));
}

Trim trim_to(const std::vector<RedisMember>& members, std::uint64_t share_bytes) {
  Trim out;
  for (const RedisMember& member : members) out.bytes_left += member.bytes;
  if (out.bytes_left <= share_bytes) return out;
  const std::uint64_t goal = share_bytes / 10 * 9;
  for (; out.bytes_left > goal && out.members < members.size(); ++out.members)
    out.bytes_left -= members[out.members].bytes;
  return out;
}

}  // namespace leyden::cache
