#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "leyden/cache/memory/entry.h"
#include "leyden/cache/memory/ghosts.h"

namespace leyden::cache {

// From the newest to the oldest, linked through the entries.
struct Queue {
  Entry* newest = nullptr;
  Entry* oldest = nullptr;
  std::size_t bytes = 0;

  void push(Entry& entry);
  void remove(Entry& entry);
};

// The entries that compete with one another for room: those of one tenant with limits, or of all
// that have none. S3-FIFO (Yang et al., SOSP'23) in bytes, with a border that moves:
//
// A new entry goes to the small queue. At that queue's end, one that has been read goes on to the
// main queue, another one is evicted and its name remembered (a ghost). At the main queue's end,
// one that has been read goes round again, with one reading less. What comes back before 90 % of
// the partition's bytes have been evicted from the same queue goes to the main queue at once. The
// small queue is evicted from while it has more than its share of the bytes, at first 10 %. What
// comes back to the small queue's ghosts before 10 % have been evicted says that a small queue
// larger by that would have kept it, what comes back to the main queue's ghosts says the contrary:
// each moves the border by its own bytes.
//
// Not thread-safe, but for Entry::frequency.
struct Partition {
  static constexpr std::uint8_t kFrequencyMax = 3;
  static constexpr double kSmallShareFirst = 0.1;
  static constexpr double kSmallShareMin = 0.01;
  static constexpr double kSmallShareMax = 0.9;
  static constexpr double kKnownAgeMax = 0.9;
  static constexpr double kLessonAgeMax = 0.1;

  Queue small;
  Queue main;
  double small_share = kSmallShareFirst;
  std::array<std::uint32_t, 2> evicted{};  // By Ghosts::From, in units of 16 bytes, modulo 2^31.
  std::size_t quota = 0;                   // Never more bytes than that.
  std::size_t guaranteed = 0;              // Others can't push it below that.
  std::size_t granted = 0;                 // Of that, what was promised when it came.

  [[nodiscard]] std::size_t bytes() const { return small.bytes + main.bytes; }
  [[nodiscard]] bool empty() const { return small.oldest == nullptr && main.oldest == nullptr; }

  void insert(Entry& entry, bool to_main);
  void remove(Entry& entry);
  // Who has to go next: still in its queue. It may spare so many entries before. Not for an empty
  // partition.
  Entry& victim(std::chrono::steady_clock::time_point now, unsigned& chances);
  // What is to be remembered of an entry that is evicted now, and of one that was not let in.
  Ghosts::Ghost farewell(const Entry& entry);
  [[nodiscard]] Ghosts::Ghost remembered(Ghosts::From from) const {
    return {from, evicted[static_cast<std::size_t>(from)]};
  }
  // An entry of so many bytes comes back, and this was remembered of it: whether it is to go to the
  // main queue.
  bool welcome(Ghosts::Ghost ghost, std::size_t entry_bytes);

 private:
  [[nodiscard]] std::size_t age_bytes(Ghosts::Ghost ghost) const;
};

}  // namespace leyden::cache
