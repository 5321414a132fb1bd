#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "leyden/base/result.h"
#include "leyden/cache/block_key.h"
#include "leyden/cache/memory/allocated.h"
#include "leyden/cache/token_block.h"

namespace leyden::cache {

struct Group;

// One key and what is known of it: a node of a shard's hash table and of one queue.
struct Entry {
  enum class Place : std::uint8_t { none, small, main, negative };

  Entry* next = nullptr;  // In its bucket; later among what is to be freed.
  Entry* newer = nullptr;
  Entry* older = nullptr;
  BlockKey key;
  TokenBlock block;  // Null: it is known to fail.
  std::chrono::steady_clock::time_point expires;
  Group* tenant = nullptr;
  Group* tokenizer = nullptr;
  std::uint32_t units = 0;                 // Bytes by 16, see bytes().
  std::atomic<std::uint8_t> frequency{0};  // Reads since it came or was last spared, at most 3.
  Place place = Place::none;
  std::uint8_t failure = 0;  // An Errc, where the block is null.

  // Node, control block and array, as allocated. make_shared puts two counters and a vtable beside
  // the vector.
  [[nodiscard]] std::size_t bytes() const { return std::size_t{units} * 16; }
  [[nodiscard]] static constexpr std::size_t bytes_of(std::size_t tokens) {
    return kNodeBytes + kBlockBytes + allocated(tokens * sizeof(TokenId));
  }
  static const std::size_t kNodeBytes;
  static constexpr std::size_t kBlockBytes = allocated(2 * sizeof(void*) + sizeof(TokenIds));
};
inline constexpr std::size_t Entry::kNodeBytes = allocated(sizeof(Entry));
static_assert(sizeof(Entry) == 104, "malloc gives 104 bytes in 112: one more costs 16");

// Entries that are out of the table, freed when this ends: after the lock that was held.
class Garbage {
 public:
  Garbage() = default;
  ~Garbage() {
    while (first_ != nullptr) {
      Entry* next = first_->next;
      delete first_;
      first_ = next;
    }
  }
  Garbage(const Garbage&) = delete;
  Garbage& operator=(const Garbage&) = delete;
  void add(Entry& entry) {
    entry.next = first_;
    first_ = &entry;
  }

 private:
  Entry* first_ = nullptr;
};

}  // namespace leyden::cache
