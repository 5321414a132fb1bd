#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/base/deadline.h"
#include "leyden/cache/cache_stats.h"
#include "leyden/cache/codec.h"
#include "leyden/cache/memory_tier.h"
#include "leyden/cache/store.h"

namespace leyden::cache {

enum class Source { memory, store, encoded, coalesced };

struct Found {
  TokenBlock block;
  Source source = Source::encoded;
  [[nodiscard]] bool hit() const { return source == Source::memory || source == Source::store; }
};

// Computes the IDs of the passage at `index` of the request. Called at most once per index, from the caller's thread,
// only for what no tier has. Errors are handed to every caller that waits for the same key.
using EncodePassage = std::function<Result<TokenIds>(std::size_t index)>;

// The tiers together: memory, then one batched look-up in the store, then encoding under single-flight, then
// write-back off the request's path. A store that fails, hangs up to the deadline or lies costs latency and is counted:
// it never fails a request and never changes an answer. Thread-safe.
class TokenCache {
 public:
  // `store` may be null: memory only. Both outlive the cache.
  TokenCache(MemoryTier& memory, Store* store, const Clock& clock);
  ~TokenCache();  // close()

  // One block per key, in order; the same key twice is encoded once. `deadline` bounds the store and the wait for
  // other callers, not our own encoding.
  // Errors: the encoder's; timed_out and cancelled when another call's encoding was waited for in vain.
  [[nodiscard]] Result<std::vector<Found>> find_or_encode(std::span<const BlockKey> keys,
                                                          const CodecContext& context,
                                                          const EncodePassage& encode,
                                                          Deadline deadline);

  // Removes the keys from every tier. How many were in at least one.
  [[nodiscard]] Result<std::uint64_t> erase_many(std::span<const BlockKey> keys, Deadline deadline);

  [[nodiscard]] CacheStats stats() const;
  // Counters and latencies only; sizes stay what they are.
  void reset_stats();

  // Waits until what was put so far is in the store, or the deadline passes.
  [[nodiscard]] Result<void> flush(Deadline deadline);
  // Drains the write-back and stops. Idempotent; later look-ups still answer, from memory and by encoding.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace leyden::cache
