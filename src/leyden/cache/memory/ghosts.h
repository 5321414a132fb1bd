#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "leyden/cache/block_key.h"
#include "leyden/cache/memory/allocated.h"

namespace leyden::cache {

// The names of entries that were evicted not long ago: 8 bytes each, in sets of 8, the newest
// first; a new one pushes the set's oldest out. A name has a stamp: how much had been evicted from
// the same queue by then, so that its age can be told in bytes and no list has to be kept. A name
// is 32 bits of the key: in a table of 2^16 names a stranger is taken for a ghost once in 5,000
// times, which costs one wrong choice of a queue.
// Not thread-safe.
class Ghosts {
 public:
  enum class From : std::uint8_t { small, main };  // The queue that it was evicted from.
  struct Ghost {
    From from;
    std::uint32_t stamp;  // 31 bits.
  };
  static constexpr std::uint32_t kStampMask = 0x7fff'ffff;

  void add(const BlockKey& key, Ghost ghost);
  // What was remembered of it; it is forgotten now.
  std::optional<Ghost> take(const BlockKey& key);
  // Room for so many names, a power of two; what there is stays as far as it fits. None: forgets all.
  void resize(std::size_t names);

  // What room for so many takes, as allocated.
  [[nodiscard]] static constexpr std::size_t memory(std::size_t names) {
    return allocated((names + kSetSize - 1) / kSetSize * sizeof(Set));
  }

 private:
  static constexpr std::size_t kSetSize = 8;
  struct Slot {
    std::uint32_t name = 0;   // 0: empty, and so are those after it.
    std::uint32_t stamp = 0;  // The lowest bit says which queue.
  };
  struct Set {
    Slot slots[kSetSize];
  };

  static std::uint32_t name_of(const BlockKey& key);
  void add(Slot slot);
  Set& set_of(std::uint32_t name) { return table_[name & (sets_ - 1)]; }

  std::unique_ptr<Set[]> table_;
  std::size_t sets_ = 0;
};

}  // namespace leyden::cache
