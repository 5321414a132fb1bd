#include "leyden/cache/cache_stats.h"

namespace leyden::cache {

LookupStats summarize(const LookupCounts& counts) {
  LookupStats out;
  out.hits_memory = counts.hits_memory;
  out.hits_store = counts.hits_store;
  out.hits = out.hits_memory + out.hits_store;
  out.misses = counts.misses;
  out.lookups = out.hits + out.misses;
  out.coalesced = counts.coalesced;
  out.bypassed = counts.bypassed;
  out.errors = counts.errors;
  out.corruptions = counts.corruptions;
  out.failures = counts.failures;
  if (out.lookups > 0)
    out.hit_rate = static_cast<double>(out.hits) / static_cast<double>(out.lookups);
  telemetry::LatencyHistogram hits = counts.memory_latency;
  hits.add(counts.store_latency);
  out.hit_latency = hits.summary();
  out.memory_hit_latency = counts.memory_latency.summary();
  out.store_hit_latency = counts.store_latency.summary();
  out.miss_latency = counts.miss_latency.summary();
  out.avg_hit_latency_ms = out.hit_latency.avg_ms;
  out.avg_miss_latency_ms = out.miss_latency.avg_ms;
  return out;
}

std::vector<NamedLookupStats> summarize(const CountsByName& names) {
  std::vector<NamedLookupStats> out;
  for (const auto& [name, counts] : names.all()) out.push_back({name, summarize(counts)});
  return out;
}

}  // namespace leyden::cache
