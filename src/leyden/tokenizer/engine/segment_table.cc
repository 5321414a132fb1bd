#include "leyden/tokenizer/engine/segment_table.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace leyden::tokenizer::engine {
namespace {

unsigned shift_of(std::size_t buckets) {
  return 64U - static_cast<unsigned>(std::countr_zero(buckets));
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

SeedTable::SeedTable(std::span<const SegmentBucket> buckets)
    : buckets_(buckets), shift_(shift_of(buckets.size())) {}

const SegmentEntry* SeedTable::find(const SegmentEntry& key) const {
  if (buckets_.empty()) return nullptr;
  for (std::size_t at = segment_hash(key.low, key.high) >> shift_;;
       at = (at + 1) & (buckets_.size() - 1)) {
    for (const SegmentEntry& entry : buckets_[at].entries) {
      if (entry.low == key.low && entry.high == key.high) return &entry;
      if (entry.high == 0) return nullptr;
    }
  }
}

std::vector<SegmentBucket> build_seed_table(std::span<const SegmentEntry> entries) {
  std::vector<SegmentBucket> buckets(std::bit_ceil(std::max<std::size_t>(entries.size(), 2)));
  const unsigned shift = shift_of(buckets.size());
  for (const SegmentEntry& entry : entries) {
    std::size_t at = segment_hash(entry.low, entry.high) >> shift;
    while (true) {
      SegmentEntry* free =
          std::ranges::find(buckets[at].entries, std::uint64_t{0}, &SegmentEntry::high);
      if (free != std::end(buckets[at].entries)) {
        *free = entry;
        break;
      }
      at = (at + 1) & (buckets.size() - 1);
    }
  }
  return buckets;
}

}  // namespace leyden::tokenizer::engine
