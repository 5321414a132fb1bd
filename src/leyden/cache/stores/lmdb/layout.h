#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

#include <lmdb.h>

#include "leyden/base/bytes.h"
#include "leyden/cache/store.h"

namespace leyden::cache::lmdb {

// The bytes of docs/formats/lmdb.md, and nothing else.

inline constexpr std::uint32_t kFormat = 2;
inline constexpr std::uint64_t kPage = 4096;  // For estimates; LMDB's own is asked where it counts.

// All but the first are small beside it. Each but `log` and `meta` says the same as `values` in
// another order, and changes with it in one transaction: tables.h.
struct Databases {
  MDB_dbi values = 0;      // Block key -> header, value.
  MDB_dbi tenants = 0;     // Tenant's tag, sequence -> block key: a tenant's oldest written first.
  MDB_dbi tokenizers = 0;  // Tokenizer's tag, sequence -> block key.
  MDB_dbi expiry = 0;      // Expiry, sequence -> block key; of those that expire.
  MDB_dbi tallies = 0;     // Tenant's tag -> how much it has.
  MDB_dbi log = 0;         // Position -> what was erased: invalidation_log.h.
  MDB_dbi meta = 0;        // "format", "sequence".
};

template <class T>
[[nodiscard]] T load(const std::byte* from, std::endian order = std::endian::little) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return order == std::endian::native ? value : std::byteswap(value);
}
template <class T>
void save(std::byte* to, T value, std::endian order = std::endian::little) {
  if (order != std::endian::native) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof(value));
}

// Before each value.
struct EntryHeader {
  static constexpr std::size_t kSize = 48;

  std::uint64_t sequence = 0;  // Grows with every write.
  std::int64_t expires_s = 0;  // Wall clock, seconds since 1970; 0: never.
  GroupTag tenant{};
  GroupTag tokenizer{};

  [[nodiscard]] static std::optional<EntryHeader> of(BytesView value) {
    if (value.size() < kSize) return std::nullopt;
    EntryHeader out;
    out.sequence = load<std::uint64_t>(value.data());
    out.expires_s = load<std::int64_t>(value.data() + 8);
    std::memcpy(out.tenant.data(), value.data() + 16, out.tenant.size());
    std::memcpy(out.tokenizer.data(), value.data() + 32, out.tokenizer.size());
    return out;
  }
  void save_to(std::byte* to) const {
    save(to, sequence);
    save(to + 8, expires_s);
    std::memcpy(to + 16, tenant.data(), tenant.size());
    std::memcpy(to + 32, tokenizer.data(), tokenizer.size());
  }
  [[nodiscard]] bool is_live(std::int64_t now_s) const {
    return expires_s == 0 || expires_s > now_s;
  }
};

// Numbers in keys are big-endian, so that LMDB's order of bytes is the order of numbers.
using NumberKey = std::array<std::byte, 8>;
[[nodiscard]] inline NumberKey number_key(std::uint64_t number) {
  NumberKey out{};
  save(out.data(), number, std::endian::big);
  return out;
}

using GroupKey = std::array<std::byte, 24>;
[[nodiscard]] inline GroupKey group_key(const GroupTag& tag, std::uint64_t sequence) {
  GroupKey out{};
  std::memcpy(out.data(), tag.data(), tag.size());
  save(out.data() + tag.size(), sequence, std::endian::big);
  return out;
}

using ExpiryKey = std::array<std::byte, 16>;
[[nodiscard]] inline ExpiryKey expiry_key(std::int64_t expires_s, std::uint64_t sequence) {
  ExpiryKey out{};
  save(out.data(), expires_s, std::endian::big);  // Never negative.
  save(out.data() + 8, sequence, std::endian::big);
  return out;
}

// What a tenant has. Counted for an entry: its value, header and key, and its records in three orders.
struct Tally {
  static constexpr std::size_t kSize = 16;

  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;

  [[nodiscard]] static std::optional<Tally> of(BytesView value) {
    if (value.size() != kSize) return std::nullopt;
    return Tally{load<std::uint64_t>(value.data()), load<std::uint64_t>(value.data() + 8)};
  }
  [[nodiscard]] std::array<std::byte, kSize> bytes_of() const {
    std::array<std::byte, kSize> out{};
    save(out.data(), entries);
    save(out.data() + 8, bytes);
    return out;
  }
};

inline constexpr std::uint64_t kKeySize = sizeof(BlockKey::bytes);
inline constexpr std::uint64_t kEntryOverhead = kKeySize + EntryHeader::kSize +
                                                2 * (sizeof(GroupKey) + kKeySize) +
                                                sizeof(ExpiryKey) + kKeySize;
[[nodiscard]] constexpr std::uint64_t entry_bytes(std::uint64_t value_bytes) {
  return value_bytes + kEntryOverhead;
}

}  // namespace leyden::cache::lmdb
