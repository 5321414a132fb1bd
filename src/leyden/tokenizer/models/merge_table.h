#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/vocabulary.h"

namespace leyden::tokenizer {

// The merges of a BPE model by pair, and where no merge can ever reach across. const after building, safe to share.
class MergeTable {
 public:
  struct Pair {
    std::uint64_t key = kFree;
    std::uint32_t rank = 0;
    TokenId merged = 0;
  };

  MergeTable() = default;
  // `cuts`: learn the borders (only where symbols are exactly the bytes or characters of the text).
  MergeTable(const BpeSpec& spec, const Vocabulary& vocabulary, bool cuts);

  // nullptr where the two don't merge.
  [[nodiscard]] const Pair* find(TokenId left, TokenId right) const {
    const Pair& pair = pairs_[slot_of(key_of(left, right))];
    return pair.key == kFree ? nullptr : &pair;
  }

  // False when no merge joins a token that ends in `before` with one that begins with `after` (code points, or bytes when
  // byte-level): then what stands on either side is encoded as if it stood alone.
  [[nodiscard]] bool may_join(char32_t before, char32_t after) const {
    if (!cuts_) return true;
    std::uint64_t key = key_of(before, after);
    std::size_t mask = joints_.size() - 1;
    std::size_t slot = hash(key) >> joints_shift_;
    while (joints_[slot] != kFree && joints_[slot] != key) slot = (slot + 1) & mask;
    return joints_[slot] == key;
  }

 private:
  static constexpr std::uint64_t kFree = ~0ULL;
  static constexpr std::uint64_t key_of(std::uint32_t left, std::uint32_t right) {
    return (static_cast<std::uint64_t>(left) << 32) | right;
  }
  // Fibonacci hashing: the high bits of a product with 2^64 / golden ratio.
  static constexpr std::uint64_t hash(std::uint64_t key) { return key * 0x9E3779B97F4A7C15ULL; }
  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const {
    std::size_t mask = pairs_.size() - 1;
    std::size_t slot = hash(key) >> shift_;
    while (pairs_[slot].key != kFree && pairs_[slot].key != key) slot = (slot + 1) & mask;
    return slot;
  }
  void learn_joints(const BpeSpec& spec, const Vocabulary& vocabulary);

  std::vector<Pair> pairs_;  // Open addressing, a power of two, at most half full.
  unsigned shift_ = 0;
  std::vector<std::uint64_t> joints_;  // The same, of (before, after).
  unsigned joints_shift_ = 0;
  bool cuts_ = false;
};

}  // namespace leyden::tokenizer
