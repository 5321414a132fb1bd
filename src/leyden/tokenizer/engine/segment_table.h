#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/kernel.h"

namespace leyden::tokenizer::engine {

// The key of a segment of 1 to LongEntry::kBytesMax bytes.
[[nodiscard]] LongKey long_key(std::string_view segment);

// The key of a segment of 1 to SegmentEntry::kBytesMax bytes.
[[nodiscard]] SegmentEntry segment_entry(std::string_view segment);

// A table of short segments and their IDs that does not change: open addressing over buckets of two, a power of two of them, less than
// half full. Made from a vocabulary; may lie in a mapped file that processes share.
class SeedTable {
 public:
  SeedTable() = default;
  explicit SeedTable(std::span<const SegmentBucket> buckets);

  // nullptr where the segment is not in it. `key` has its low and high words set.
  [[nodiscard]] const SegmentEntry* find(const SegmentEntry& key) const;
  [[nodiscard]] std::span<const SegmentBucket> buckets() const { return buckets_; }

 private:
  std::span<const SegmentBucket> buckets_;
  unsigned shift_ = 0;
};

// In order of importance: the first are found with the first look. Segments differ from one another.
[[nodiscard]] std::vector<SegmentBucket> build_seed_table(std::span<const SegmentEntry> entries);

}  // namespace leyden::tokenizer::engine
