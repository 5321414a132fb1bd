#include "leyden/tokenizer/engine/segment_table.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstring>

#include "leyden/tokenizer/engine/merge_tables.h"

namespace leyden::tokenizer::engine {
namespace {

constexpr std::uint32_t kIdMask = (std::uint32_t{1} << 20) - 1;

// Bits of the hash that don't say the place.
std::uint32_t tag_of(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 12) & ~kIdMask;
}

unsigned shift_of(std::size_t slots) {
  return 64U - static_cast<unsigned>(std::countr_zero(slots));
}

}  // namespace

SegmentEntry segment_entry(std::string_view segment) {
  assert(!segment.empty() && segment.size() <= SegmentEntry::kBytesMax);
  char padded[16] = {};
  std::memcpy(padded, segment.data(), segment.size());
  padded[15] = static_cast<char>(segment.size());
  SegmentEntry entry;
  std::memcpy(&entry.low, padded, 8);
  std::memcpy(&entry.high, padded + 8, 8);
  return entry;
}

LongKey long_key(std::string_view segment) {
  assert(!segment.empty() && segment.size() <= LongEntry::kBytesMax);
  LongKey key{.words = {}, .length = static_cast<std::uint32_t>(segment.size())};
  if (segment.size() <= SegmentEntry::kBytesMax) {
    const SegmentEntry entry = segment_entry(segment);
    key.words[0] = entry.low;
    key.words[1] = entry.high;
  } else {
    std::memcpy(key.words, segment.data(), 16);
    std::memcpy(key.words + 2, segment.data() + segment.size() - 16, 16);
  }
  return key;
}

std::string_view segment_text(const SegmentEntry& entry) {
  static_assert(offsetof(SegmentEntry, high) == offsetof(SegmentEntry, low) + 8);
  return {reinterpret_cast<const char*>(&entry), entry.high >> 56};
}

SeedTable::Data SeedTable::make(std::span<const std::pair<std::string, TokenId>> tokens,
                                std::size_t vocabulary_size) {
  Data data{.slots = std::vector<std::uint32_t>(std::bit_ceil(2 * tokens.size() + 2)),
            .keys = std::vector<Key>(vocabulary_size)};
  const unsigned shift = shift_of(data.slots.size());
  for (const auto& [text, id] : tokens) {
    const SegmentEntry entry = segment_entry(text);
    data.keys[id] = {entry.low, entry.high};
    const std::uint64_t hash = segment_hash(entry.low, entry.high);
    std::size_t at = hash >> shift;
    while (data.slots[at] != 0) at = (at + 1) & (data.slots.size() - 1);
    data.slots[at] = tag_of(hash) | (id + 1);
  }
  return data;
}

SeedTable::SeedTable(std::span<const std::uint32_t> slots, std::span<const Key> keys)
    : slots_(slots), keys_(keys), shift_(shift_of(slots.size())) {}

void SeedTable::prefetch(const SegmentEntry& key) const {
  if (slots_.empty()) return;
  const std::uint64_t hash = segment_hash(key.low, key.high);
  const std::uint32_t slot = slots_[hash >> shift_];
  if (slot != 0) __builtin_prefetch(&keys_[(slot & kIdMask) - 1]);
}

TokenId SeedTable::find(const SegmentEntry& key) const {
  if (slots_.empty()) return MergeTables::kNone;
  const std::uint64_t hash = segment_hash(key.low, key.high);
  for (std::size_t at = hash >> shift_;; at = (at + 1) & (slots_.size() - 1)) {
    const std::uint32_t slot = slots_[at];
    if (slot == 0) return MergeTables::kNone;
    if ((slot & ~kIdMask) != tag_of(hash)) continue;
    const TokenId id = (slot & kIdMask) - 1;
    if (keys_[id].low == key.low && keys_[id].high == key.high) return id;
  }
}

}  // namespace leyden::tokenizer::engine
