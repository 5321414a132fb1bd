#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/base/deadline.h"
#include "leyden/cache/cache_stats.h"
#include "leyden/cache/cost_model.h"
#include "leyden/cache/integrity.h"
#include "leyden/cache/memory_tier.h"
#include "leyden/cache/passage_scope.h"
#include "leyden/cache/store.h"
#include "leyden/cache/write_back.h"

namespace leyden::cache {

enum class Source { memory, store, encoded, coalesced };

struct Found {
  TokenBlock block;
  Source source = Source::encoded;
  [[nodiscard]] bool hit() const { return source == Source::memory || source == Source::store; }
};

// Computes the IDs of the passage at `index` of the request. Called at most once per index, only for what no tier has, from the
// caller's thread and, where several passages are missing and take long, from others at the same time. Errors are handed to
// every caller that waits for the same key.
using EncodePassage = std::function<Result<TokenIds>(std::size_t index)>;

// Across processes that share a store that has leases: one of them encodes, the others wait for what it writes. A lease costs
// round trips, so it pays for passages only that take long to encode.
struct LeaseOptions {
  std::size_t from_bytes = 0;                // Of text, a passage; 0: no leases.
  std::chrono::milliseconds duration{2000};  // How long one lasts and others wait at most.
};

struct TokenCacheOptions {
  // A look-up in the store waits this long at most, and never past the request's deadline: a store
  // that hangs must not eat the time of the encoding.
  std::chrono::milliseconds store_timeout{250};
  StoreReads store_reads = StoreReads::by_cost;
  // Of the values in the store: keyed where others can write to it.
  Integrity integrity;
  WriteBackOptions write_back;
  // The caller's included. 0: as many as there are processors, 4 at most: a tokenizer's tables take
  // some 20 MB a thread.
  std::size_t encode_threads = 0;
  LeaseOptions lease;
};

struct LookupOptions {
  // How long each passage's text is, for the cost model; without it the store is always asked and nothing is encoded in parallel.
  std::span<const std::size_t> text_bytes;
  // For the statistics: who asks, and for whom. Names that may be shown.
  std::string_view agent;
  std::string_view tenant;
  bool warm_up = false;      // Counted apart.
  bool write_again = false;  // To the store, also what memory has: it may never have got there.
  // Asked before each encoding and while waiting for another call's: the answer is then `cancelled`. Who waits for what this
  // call would have encoded goes on without it.
  std::stop_token stop;
};

// The tiers together: memory, then one batched look-up in the store, then encoding under
// single-flight, then write-back off the request's path. A store that fails, hangs up to the
// deadline or lies costs latency and is counted: it never fails a request and never changes an
// answer. What another process erases from a shared store goes from memory, too (Store::listen).
// Thread-safe.
class TokenCache {
 public:
  // `store` may be null: memory only. Both outlive the cache.
  TokenCache(MemoryTier& memory, Store* store, const Clock& clock,
             const TokenCacheOptions& options = {});
  ~TokenCache();  // close()

  // One block per key, in order; the same key twice is encoded once. `deadline` bounds the store
  // and the wait for other callers, not our own encoding. A call that waits for another one's
  // encoding and sees it give up (because another passage of it failed) encodes itself. Errors: the
  // encoder's, ours or the other call's; timed_out when another call's encoding was waited for in
  // vain; cancelled; internal when the encoder gives an ID outside the vocabulary. A passage that the encoder refused
  // (invalid_argument, unsupported, corrupt) is refused for some seconds without asking it again.
  [[nodiscard]] Result<std::vector<Found>> find_or_encode(std::span<const BlockKey> keys,
                                                          const PassageScope& scope,
                                                          const EncodePassage& encode,
                                                          Deadline deadline,
                                                          const LookupOptions& options = {});

  // Removes the keys from every tier. How many were in at least one. What this process had read or begun to encode before is not
  // kept, here or in the store; other processes hear of it (Store::listen), and what one of them is writing at this very
  // moment may come after it: names can't go stale, so it is still right. Errors: the store's; the keys are gone from memory
  // all the same.
  [[nodiscard]] Result<std::uint64_t> erase_many(std::span<const BlockKey> keys, Deadline deadline);

  // The same for all that a tenant has, or that a tokenizer encoded.
  struct ErasedGroup {
    std::uint64_t in_memory = 0;
    std::uint64_t in_store = 0;  // On its way there, too.
  };
  [[nodiscard]] Result<ErasedGroup> erase_group(GroupKind kind, const GroupTag& tag,
                                                Deadline deadline);

  // Asks the store for its size; what it last said stands in when it does not answer in time, or is not asked (0).
  [[nodiscard]] CacheStats stats(
      std::chrono::milliseconds ask_store_for = std::chrono::milliseconds(50)) const;
  // Of the store; "on" also without one.
  [[nodiscard]] StoreHealth store_health() const;
  // What the look-ups were, to be added to other processes'.
  [[nodiscard]] CacheCounts counts() const;
  // Counters and latencies only; sizes stay what they are.
  void reset_stats();

  // Waits until what was put so far is in the store. Errors: timed_out; unavailable when something could not be written since the
  // last flush that said so.
  [[nodiscard]] Result<void> flush(Deadline deadline);
  // Drains the write-back (up to its close_timeout) and lets go of the store: it may be destroyed
  // afterwards. Idempotent; later look-ups still answer, from memory and by encoding.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace leyden::cache
