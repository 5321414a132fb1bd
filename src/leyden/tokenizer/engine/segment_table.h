#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/kernel.h"

namespace leyden::tokenizer::engine {

// The key of a segment of 1 to LongEntry::kBytesMax bytes.
[[nodiscard]] LongKey long_key(std::string_view segment);

// The key of a segment of 1 to SegmentEntry::kBytesMax bytes.
[[nodiscard]] SegmentEntry segment_entry(std::string_view segment);

// The text of an entry's key; valid as long as the entry.
[[nodiscard]] std::string_view segment_text(const SegmentEntry& entry);

// Short segments that are one token each, for all threads; may lie in a mapped file that processes share. Small, because most
// look-ups of a cold cache end here: a slot has an ID and some bits of the key's hash, and what is found so is compared.
class SeedTable {
 public:
  // What it is made of. Keys are as SegmentEntry's, by ID; of tokens that are not in it zeros.
  struct Key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };
  struct Data {
    std::vector<std::uint32_t>
        slots;  // A power of two: the hash's tag (12 bits), ID + 1 (20 bits); 0 is free.
    std::vector<Key> keys;
  };
  // Tokens and the segments that they are, each once.
  [[nodiscard]] static Data make(std::span<const std::pair<std::string, TokenId>> tokens,
                                 std::size_t vocabulary_size);

  SeedTable() = default;
  SeedTable(std::span<const std::uint32_t> slots, std::span<const Key> keys);

  // MergeTables::kNone where the segment is not in it. `key` has its low and high words set.
  [[nodiscard]] TokenId find(const SegmentEntry& key) const;
  // Tells the processor that find() will be asked.
  void prefetch(const SegmentEntry& key) const;

  [[nodiscard]] std::span<const std::uint32_t> slots() const { return slots_; }
  [[nodiscard]] std::span<const Key> keys() const { return keys_; }
  [[nodiscard]] unsigned shift() const { return shift_; }

 private:
  std::span<const std::uint32_t> slots_;
  std::span<const Key> keys_;
  unsigned shift_ = 0;
};

}  // namespace leyden::tokenizer::engine
