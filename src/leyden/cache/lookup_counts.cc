#include "leyden/cache/lookup_counts.h"

#include <algorithm>

namespace leyden::cache {
namespace {

std::size_t bytes_of(const LookupCounts& counts) {
  return counts.memory_latency.bytes() + counts.store_latency.bytes() + counts.miss_latency.bytes();
}

std::size_t bytes_of(const CountsByName& names) {
  std::size_t bytes = names.all().capacity() * sizeof(CountsByName::Named);
  for (const auto& [name, counts] : names.all()) bytes += name.capacity() + bytes_of(counts);
  return bytes;
}

}  // namespace

void LookupCounts::add(const LookupCounts& other) {
  hits_memory += other.hits_memory;
  hits_store += other.hits_store;
  misses += other.misses;
  coalesced += other.coalesced;
  bypassed += other.bypassed;
  errors += other.errors;
  corruptions += other.corruptions;
  failures += other.failures;
  memory_latency.add(other.memory_latency);
  store_latency.add(other.store_latency);
  miss_latency.add(other.miss_latency);
}

LookupCounts* CountsByName::of(std::string_view name) {
  if (name.empty()) return nullptr;
  auto at = std::ranges::find(all_, name, &Named::name);
  if (at == all_.end() && all_.size() + 1 >= kNamesMax) {
    name = kOthers;
    at = std::ranges::find(all_, name, &Named::name);
  }
  if (at != all_.end()) return &at->counts;
  return &all_.emplace_back(Named{.name = std::string(name), .counts = {}}).counts;
}

void CountsByName::add(const CountsByName& other) {
  for (const Named& named : other.all_) of(named.name)->add(named.counts);
}

void CacheCounts::add(const CacheCounts& other) {
  all.add(other.all);
  warm_up.add(other.warm_up);
  agents.add(other.agents);
  tenants.add(other.tenants);
}

std::size_t CacheCounts::bytes() const {
  return bytes_of(all) + bytes_of(warm_up) + bytes_of(agents) + bytes_of(tenants);
}

}  // namespace leyden::cache
