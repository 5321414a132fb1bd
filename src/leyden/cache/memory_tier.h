#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "leyden/base/clock.h"
#include "leyden/base/result.h"
#include "leyden/cache/block_key.h"
#include "leyden/cache/store.h"
#include "leyden/cache/tenant_limits.h"
#include "leyden/cache/token_block.h"

namespace leyden::cache {

struct MemoryTierOptions {
  // All that entries take, as allocated: nodes, keys, arrays, tables, names of what was evicted,
  // tenants. 0 keeps nothing. A new block and a table that grows come on top while a put runs, and
  // about 1 KiB a shard always.
  std::size_t capacity_bytes = 100 * MiB;
  // ±10 % by key, so that entries don't expire together; 0: until evicted.
  std::chrono::seconds ttl{24 * 3600};
  std::chrono::seconds negative_ttl{2};  // 1 to 5.
  // A power of two; halved until 64 entries of the typical size fit in a shard, and in its part of
  // each quota and guarantee, or one shard is left. Fewer lose hits, more make smaller pauses.
  std::size_t shard_count = 16;
  std::size_t typical_entry_bytes = 1200;  // A passage of 240 tokens.
  TenantLimits tenant;      // Of every tenant that `tenants` does not name; not of what has none.
  TenantOverrides tenants;  // What they are guaranteed together must be at most the capacity.
  // Names the first field out of range; nothing is clipped in silence.
  [[nodiscard]] Result<void> check() const;
};

struct PutOptions {
  GroupTag tenant{};  // Whose quota it counts against. Always the same for the same key.
  GroupTag tokenizer{};
  std::chrono::seconds ttl{0};  // 0: the tier's. Up to kTtlMax, ±10 % as well.
  bool negative = false;  // A document that encodes to nothing: short-lived, in the negative share.
};

struct TenantUsage {
  GroupTag tenant{};
  std::uint64_t entries = 0;
  std::uint64_t tokens = 0;
  std::uint64_t bytes = 0;  // Nodes, keys, arrays: what the quota bounds.
};

struct MemoryTierUsage {
  std::uint64_t entries = 0;  // Also those whose time is over, until they are looked up or evicted.
  std::uint64_t tokens = 0;
  std::uint64_t bytes = 0;  // As capacity_bytes counts them.
  std::uint64_t bytes_peak = 0;
  std::uint64_t negative_entries = 0;  // Part of `entries`, not of a tenant's.
  std::uint64_t negative_bytes = 0;
  std::uint64_t evictions = 0;  // To make room.
  std::uint64_t expired = 0;    // Removed because their time was over.
  std::uint64_t refused = 0;    // Puts that were not kept.
  // Puts of what had been evicted not long before from the small, the main queue.
  std::uint64_t ghost_hits_small = 0;
  std::uint64_t ghost_hits_main = 0;
  double small_share = 0;            // Of the bytes in queues: what the small queues have now,
  double small_share_target = 0;     // and where the borders are.
  std::vector<TenantUsage> tenants;  // By tag; those that have something.
};

// Blocks by key in this process, bounded in bytes. Thread-safe.
//
// Hits: share nothing but the block's reference count and, three times at most until something is
// to be evicted, a counter of two bits. They wait only while a put or an erasure changes the same
// shard: about a microsecond, some hundred where a large block pushes out many others or a table
// doubles. Puts and erasures of one shard take turns. What they free is freed afterwards.
//
// Bytes: an entry takes 112 for its node and key, 48 for the block's control and allocated(4 x
// tokens) for its array (memory/allocated.h). A shard's table has 1 to 2 places for each entry, at 8
// bytes and 8 more for the name of something evicted. A tenant or tokenizer with entries in a shard
// takes 80 there and about 8 of a table, one with limits 104 more. A block that others hold, too,
// counts in full.
//
// Eviction: S3-FIFO with a border between the queues that moves (memory/partition.h). A put evicts
// 1,024 entries at most and spares 256 at most: where that is not enough, the block is not kept this
// time. A block of more than a tenth of a shard (of its tenant's quota there) is kept on its first
// put only where nothing has to go for it: it would push out all that is on trial. Its name is
// remembered, and when it comes again soon it is kept at the cost of others. A block that does not
// fit alone is never kept.
//
// Tenants: one with a quota evicts its own entries when it has reached it. When all is full, who is
// most over its guarantee gives up entries; a tenant at its guarantee or below gives up none to
// others, even if a put of another's can't be kept then. Quotas and guarantees hold in each shard
// for its part. Guarantees that no override names are given to who comes first, up to the capacity;
// after 64 such tenants at once the next ones share one quota and have no guarantee.
//
// Negative entries (what encodes to nothing, what can't be encoded): 1 % of the budget (one in each
// shard in any case), oldest first out, not in quotas and guarantees.
class MemoryTier {
 public:
  // A block, or why the document can't be encoded.
  using Known = std::expected<TokenBlock, Errc>;

  [[nodiscard]] static Result<std::unique_ptr<MemoryTier>> make(const MemoryTierOptions& options,
                                                                const Clock& clock);
  ~MemoryTier();

  // Empty: nothing is known, or its time is over.
  [[nodiscard]] std::optional<Known> find(const BlockKey& key);
  // One answer per key, in their order. Reads the clock once.
  [[nodiscard]] std::vector<std::optional<Known>> find_many(std::span<const BlockKey> keys);

  // Replaces what was known. Whether it is kept is the tier's choice; if not, nothing is known.
  void put(const BlockKey& key, TokenBlock block, const PutOptions& options = {});
  // A document that can't be encoded, always negative. What may go well next time (timed_out,
  // unavailable, overloaded, cancelled, internal) is not remembered.
  void put_failure(const BlockKey& key, Errc failure, const PutOptions& options = {});

  // True when it was there, negative or not (and had not expired).
  bool erase(const BlockKey& key);
  // How many there were (and had not expired). Looks at all entries of the shards that have some of
  // the group, about 0.4 us each with the removals; hits wait for some 64 removals, puts for a
  // shard's.
  std::uint64_t erase_group(GroupKind kind, const GroupTag& tag);
  void clear();

  // Exact and of one moment: puts and erasures wait for it, hits don't. Takes 20 us, and about 0.4 us
  // for each tenant in each shard.
  [[nodiscard]] MemoryTierUsage usage() const;

  // What an entry takes without tables.
  [[nodiscard]] static std::size_t entry_bytes(std::size_t tokens);

 private:
  struct State;
  explicit MemoryTier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leyden::cache
