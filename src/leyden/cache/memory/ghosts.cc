#include "leyden/cache/memory/ghosts.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace leyden::cache {

std::uint32_t Ghosts::name_of(const BlockKey& key) {
  std::uint32_t name = 0;  // Not the bits that choose the shard, the bucket or the jitter.
  std::memcpy(&name, key.bytes.data() + 20, sizeof(name));
  return std::max<std::uint32_t>(name, 1);
}

void Ghosts::add(Slot slot) {
  Set& set = set_of(slot.name);
  // It takes the place of its older self, of an empty one or of the oldest.
  std::size_t end = 0;
  while (end + 1 < kSetSize && set.slots[end].name != slot.name && set.slots[end].name != 0) ++end;
  std::copy_backward(set.slots, set.slots + end, set.slots + end + 1);
  set.slots[0] = slot;
}

void Ghosts::add(const BlockKey& key, Ghost ghost) {
  if (sets_ == 0) return;
  add({name_of(key), ghost.stamp << 1 | static_cast<std::uint32_t>(ghost.from)});
}

std::optional<Ghosts::Ghost> Ghosts::take(const BlockKey& key) {
  if (sets_ == 0) return std::nullopt;
  const std::uint32_t name = name_of(key);
  Set& set = set_of(name);
  Slot* const end = set.slots + kSetSize;
  Slot* const at = std::find_if(set.slots, end, [&](const Slot& s) { return s.name == name; });
  if (at == end) return std::nullopt;
  const Ghost ghost{static_cast<From>(at->stamp & 1), at->stamp >> 1};
  std::copy(at + 1, end, at);
  end[-1] = {};
  return ghost;
}

void Ghosts::resize(std::size_t names) {
  const std::size_t sets = (names + kSetSize - 1) / kSetSize;
  if (sets == sets_) return;
  auto before = std::exchange(table_, sets > 0 ? std::make_unique<Set[]>(sets) : nullptr);
  const std::size_t sets_before = std::exchange(sets_, sets);
  if (sets == 0) return;
  for (std::size_t s = 0; s < sets_before; ++s) {
    for (std::size_t i = kSetSize; i-- > 0;) {
      if (before[s].slots[i].name != 0) add(before[s].slots[i]);
    }
  }
}

}  // namespace leyden::cache
