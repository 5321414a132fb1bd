#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "leyden/cache/cost_model.h"
#include "leyden/cache/lookup_counts.h"
#include "leyden/cache/memory_tier.h"
#include "leyden/cache/store.h"
#include "leyden/telemetry/histogram.h"

namespace leyden::cache {

// hits = hits_memory + hits_store, lookups = hits + misses, and each latency's count is its number of passages, always.
struct LookupStats {
  std::uint64_t lookups = 0;
  std::uint64_t hits = 0;
  std::uint64_t hits_memory = 0;
  std::uint64_t hits_store = 0;
  std::uint64_t misses = 0;
  std::uint64_t coalesced = 0;
  std::uint64_t bypassed = 0;
  std::uint64_t errors = 0;
  std::uint64_t corruptions = 0;
  std::uint64_t failures = 0;
  double hit_rate = 0;  // hits / lookups; 0 when there were none.
  double avg_hit_latency_ms = 0;
  double avg_miss_latency_ms = 0;
  telemetry::LatencySummary hit_latency;  // Per passage.
  telemetry::LatencySummary memory_hit_latency;
  telemetry::LatencySummary store_hit_latency;
  telemetry::LatencySummary miss_latency;  // Tokenization included.
};
[[nodiscard]] LookupStats summarize(const LookupCounts& counts);

struct NamedLookupStats {
  std::string name;
  LookupStats stats;
};
[[nodiscard]] std::vector<NamedLookupStats> summarize(const CountsByName& names);

// One consistent snapshot.
struct CacheStats : LookupStats {         // errors: also what could not be written to the store.
  std::uint64_t total_tokens_cached = 0;  // In the memory tier now.
  double cache_size_mb = 0;               // Memory tier's budget in use, MiB.
  double memory_usage_mb = 0;             // All bytes that the cache owns in this process.
  double peak_memory_mb = 0;
  MemoryTierUsage memory;
  StoreHealth store_health;  // "on" also without a store.
  std::uint64_t store_entries = 0;
  double store_size_mb = 0;

  std::uint64_t writes_dropped =
      0;  // Values that never reached the store: the queue was full or a write failed.
  std::uint64_t evictions = 0;  // From memory, to make room.
  // What the cost model has measured; nothing while unknown. From the crossover on, in bytes of text that memory lacks of a request,
  // reading the store is quicker than encoding.
  std::optional<double> encode_us_per_kib;
  std::optional<double> store_read_us_per_kib;
  std::optional<std::size_t> store_crossover_bytes;

  LookupStats warm_up;                    // In nothing else here.
  std::vector<NamedLookupStats> agents;   // By who asked and said so,
  std::vector<NamedLookupStats> tenants;  // and for whom.
};

}  // namespace leyden::cache
