#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "leyden/cache/store.h"
#include "leyden/telemetry/histogram.h"

namespace leyden::cache {

// One consistent snapshot: hits = hits_memory + hits_store, and lookups = hits + misses, always.
struct CacheStats {
  std::uint64_t lookups = 0;
  std::uint64_t hits = 0;
  std::uint64_t hits_memory = 0;
  std::uint64_t hits_store = 0;
  std::uint64_t misses =
      0;  // Passages that were tokenized, here or by the call that we waited for.
  std::uint64_t coalesced =
      0;  // Of the misses: waited for another call's tokenization instead of doing it.
  double hit_rate = 0;  // hits / lookups; 0 when there were none.

  std::uint64_t total_tokens_cached = 0;  // In the memory tier now.
  double cache_size_mb = 0;               // Memory tier's budget in use, MiB.
  double memory_usage_mb = 0;             // All bytes that the cache owns in this process.
  double peak_memory_mb = 0;
  StoreHealth store_health;  // "on" also without a store.
  std::uint64_t store_entries = 0;
  double store_size_mb = 0;

  double avg_hit_latency_ms = 0;
  double avg_miss_latency_ms = 0;
  telemetry::LatencySummary hit_latency;   // Per passage.
  telemetry::LatencySummary miss_latency;  // Per passage, tokenization included.

  std::uint64_t errors = 0;  // The store could not tell or could not write.
  std::uint64_t writes_dropped =
      0;  // Values that never reached the store: the queue was full or a write failed.
  std::uint64_t evictions = 0;
  std::uint64_t corruptions = 0;  // Values that failed their check: deleted and rebuilt.
  std::uint64_t bypassed = 0;     // Look-ups that skipped the store because encoding is quicker.
  // What the cost model has measured; nothing while unknown. From the crossover on, in bytes of text that memory lacks of a request,
  // reading the store is quicker than encoding.
  std::optional<double> encode_us_per_kib;
  std::optional<double> store_read_us_per_kib;
  std::optional<std::size_t> store_crossover_bytes;
};

}  // namespace leyden::cache
