#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "leyden/base/clock.h"
#include "leyden/base/result.h"
#include "leyden/cache/block_key.h"
#include "leyden/cache/token_block.h"

namespace leyden::cache {

struct MemoryTierOptions {
  std::size_t capacity_bytes =
      100 * MiB;  // Keys, values and nodes together, as allocated; 0 keeps nothing.
  std::chrono::seconds ttl{
      24 * 3600};  // ±10 % by key, so that entries don't expire together; 0: until evicted.
  std::size_t shard_count =
      16;  // A power of two; halved until a shard has 64 KiB or is the only one.
  [[nodiscard]] Result<void> check()
      const;  // Names the first field out of range; nothing is clipped in silence.
};

struct MemoryTierUsage {
  std::uint64_t entries = 0;
  std::uint64_t tokens = 0;
  std::uint64_t bytes =
      0;  // With allocator rounding, hash tables and the ghost queues of evicted names.
  std::uint64_t bytes_peak = 0;
  std::uint64_t evictions = 0;  // To make room.
  std::uint64_t expired = 0;    // Removed because their time was over.
};

// Blocks by key in this process, bounded in bytes. Thread-safe: sharded, a lock is held for one
// look-up. Eviction: S3-FIFO (Yang et al., SOSP'23), queues counted in bytes. An eviction looks at
// 64 entries at most.
class MemoryTier {
 public:
  [[nodiscard]] static Result<std::unique_ptr<MemoryTier>> make(const MemoryTierOptions& options,
                                                                const Clock& clock);
  ~MemoryTier();

  [[nodiscard]] std::optional<TokenBlock> find(const BlockKey& key);
  // A block that alone is over a shard's budget is not kept.
  void put(const BlockKey& key, TokenBlock block);
  // True when it was there (and had not expired).
  bool erase(const BlockKey& key);
  void clear();
  // `entries`, `tokens` and `bytes` are exact at some moment during the call: it locks all shards
  // for it.
  [[nodiscard]] MemoryTierUsage usage() const;

 private:
  struct State;
  explicit MemoryTier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leyden::cache
