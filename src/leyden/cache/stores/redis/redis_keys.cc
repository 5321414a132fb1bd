#include "leyden/cache/stores/redis/redis_keys.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace leyden::cache {
namespace {

std::string bucket_name(unsigned bucket) { return fmt::format("{:02x}", bucket); }

std::string hex_of(const GroupTag& tag) {
  std::string out;
  for (const std::byte b : tag) out += fmt::format("{:02x}", static_cast<unsigned>(b));
  return out;
}

// CRC-16/XMODEM, as the cluster specification has it.
unsigned crc16(std::string_view text) {
  unsigned crc = 0;
  for (const char c : text) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit)
      crc = ((crc & 0x8000U) != 0 ? (crc << 1) ^ 0x1021U : crc << 1) & 0xffffU;
  }
  return crc;
}

std::string_view letter(GroupKind kind) { return kind == GroupKind::tenant ? "t" : "k"; }

}  // namespace

unsigned slot_of(unsigned bucket) { return crc16(bucket_name(bucket)) % 16384; }

std::string RedisKeys::named(std::string_view kind, unsigned bucket, std::string_view name) const {
  // By hand: a request for many passages makes many.
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(prefix_.size() + kind.size() + 5 + name.size());
  out.append(prefix_).append(kind).append(":{");
  out += kDigits[bucket / 16 % 16];
  out += kDigits[bucket % 16];
  return out.append("}").append(name);
}

std::string RedisKeys::group(GroupKind kind, const GroupTag& tag, unsigned bucket) const {
  return named(letter(kind), bucket, hex_of(tag));
}

std::string RedisKeys::tenant_bytes(const GroupTag& tag, unsigned bucket) const {
  return named("q", bucket, hex_of(tag));
}

std::string RedisKeys::erased_group(GroupKind kind, const GroupTag& tag) const {
  return named("x", bucket_of(tag), fmt::format("{}:{}", letter(kind), hex_of(tag)));
}

std::optional<ErasedName> RedisKeys::parse_erased(std::string_view name) const {
  const std::string prefix = erased_prefix();
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  if (name.size() < 4 || name[0] != '{' || name[3] != '}') return std::nullopt;
  name.remove_prefix(4);
  ErasedName out;
  if (name.size() == 64) {
    auto key = Digest::from_hex(name);
    if (!key) return std::nullopt;
    out.key = *key;
    return out;
  }
  if (name.size() != 34 || name[1] != ':' || (name[0] != 't' && name[0] != 'k'))
    return std::nullopt;
  out.kind = name[0] == 't' ? GroupKind::tenant : GroupKind::tokenizer;
  const auto digest = Digest::from_hex(std::string(name.substr(2)) + std::string(32, '0'));
  if (!digest) return std::nullopt;
  std::copy_n(digest->bytes.begin(), out.tag.size(), out.tag.begin());
  return out;
}

}  // namespace leyden::cache
