#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "leyden/base/guarded.h"
#include "leyden/cache/memory_tier.h"
#include "leyden/cache/passage_scope.h"
#include "leyden/cache/token_cache.h"

namespace leyden::cache::testing {

// The stated tokenizer of the load: each word is one token, the FNV-1a hash of its bytes modulo the vocabulary.
[[nodiscard]] TokenIds encode_words(std::string_view text);
// What all passages of the load have in common.
[[nodiscard]] PassageScope load_scope();

struct LoadCounts {
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;  // Answered with an error.
  std::uint64_t wrong = 0;   // Token arrays that are not what the text encodes to.
  std::chrono::nanoseconds slowest{0};
};

// Constant requests from four threads to one cache, each answer compared with what the texts encode to:
//   one asks for 18 passages out of 64 that stay in memory and is timed,
//   two ask for 6 passages that are in the store and that memory is made to forget before,
//   one asks for passages that nobody has asked for yet, and a little later for the same ones out of the store.
// The store is asked each time (StoreReads::always is the caller's to choose). Runs until it is destroyed. Thread-safe.
class FaultLoad {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Both outlive it.
  FaultLoad(TokenCache& cache, MemoryTier& memory);
  ~FaultLoad();

  // Of the passages that are read from the store again and again.
  [[nodiscard]] std::vector<BlockKey> stored_keys() const;
  [[nodiscard]] LoadCounts counts() const;
  // Whether a passage that was encoded at `time` or later has been written to the store and found there.
  [[nodiscard]] bool round_trip_since(TimePoint time) const;
  // Microseconds of each request since the last call that memory answered alone.
  [[nodiscard]] std::vector<double> take_memory_hits_us();

 private:
  struct Passage;
  [[nodiscard]] static Passage passage_of(std::uint64_t number);

  void ask_memory(const std::stop_token& stop);
  void ask_store(const std::stop_token& stop, std::span<const Passage> passages);
  void ask_anew(const std::stop_token& stop);
  // The blocks' sources; empty after an error.
  std::vector<Source> ask(std::span<const Passage* const> passages);

  TokenCache& cache_;
  MemoryTier& memory_;
  std::vector<Passage> in_memory_;
  std::vector<Passage> in_store_;
  Guarded<LoadCounts> counts_;
  Guarded<std::vector<double>> memory_hits_us_;
  std::atomic<TimePoint> newest_round_trip_{TimePoint::min()};  // When that passage was encoded.
  std::vector<std::jthread> threads_;                           // Last: they use all of the above.
};

}  // namespace leyden::cache::testing
