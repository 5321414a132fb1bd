#include "leyden/cache/memory/partition.h"

#include <algorithm>
#include <cassert>

namespace leyden::cache {

void Queue::push(Entry& entry) {
  entry.older = newest;
  entry.newer = nullptr;
  (newest != nullptr ? newest->newer : oldest) = &entry;
  newest = &entry;
  bytes += entry.bytes();
}

void Queue::remove(Entry& entry) {
  (entry.newer != nullptr ? entry.newer->older : newest) = entry.older;
  (entry.older != nullptr ? entry.older->newer : oldest) = entry.newer;
  bytes -= entry.bytes();
}

void Partition::insert(Entry& entry, bool to_main) {
  entry.place = to_main ? Entry::Place::main : Entry::Place::small;
  (to_main ? main : small).push(entry);
}

void Partition::remove(Entry& entry) {
  (entry.place == Entry::Place::main ? main : small).remove(entry);
}

Entry& Partition::victim(std::chrono::steady_clock::time_point now, unsigned& chances) {
  while (true) {
    const auto border = static_cast<std::size_t>(small_share * static_cast<double>(bytes()));
    const bool from_small =
        main.oldest == nullptr || (small.oldest != nullptr && small.bytes > border);
    Entry* const oldest = from_small ? small.oldest : main.oldest;
    assert(oldest != nullptr);
    Entry& entry = *oldest;
    const std::uint8_t frequency = entry.frequency.load(std::memory_order_relaxed);
    if (entry.expires <= now || frequency == 0 || chances == 0) return entry;
    --chances;
    remove(entry);
    entry.frequency.store(from_small ? std::uint8_t{0} : static_cast<std::uint8_t>(frequency - 1),
                          std::memory_order_relaxed);
    insert(entry, true);
  }
}

Ghosts::Ghost Partition::farewell(const Entry& entry) {
  const Ghosts::Ghost ghost =
      remembered(entry.place == Entry::Place::main ? Ghosts::From::main : Ghosts::From::small);
  std::uint32_t& clock = evicted[static_cast<std::size_t>(ghost.from)];
  clock = (clock + entry.units) & Ghosts::kStampMask;
  return ghost;
}

std::size_t Partition::age_bytes(Ghosts::Ghost ghost) const {
  const std::uint32_t clock = evicted[static_cast<std::size_t>(ghost.from)];
  return std::size_t{(clock - ghost.stamp) & Ghosts::kStampMask} * 16;
}

bool Partition::welcome(Ghosts::Ghost ghost, std::size_t entry_bytes) {
  const auto all = static_cast<double>(std::max<std::size_t>(bytes(), 1));
  const double age = static_cast<double>(age_bytes(ghost)) / all;
  if (age <= kLessonAgeMax) {
    const double step = static_cast<double>(entry_bytes) / all;
    small_share =
        std::clamp(ghost.from == Ghosts::From::small ? small_share + step : small_share - step,
                   kSmallShareMin, kSmallShareMax);
  }
  return age <= kKnownAgeMax;
}

}  // namespace leyden::cache
