#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/telemetry/histogram.h"

namespace leyden::cache {

// What became of passages that were looked up. A value: counts of several processes are added.
struct LookupCounts {
  std::uint64_t hits_memory = 0;
  std::uint64_t hits_store = 0;
  std::uint64_t misses =
      0;  // Passages that were tokenized, here or by the call that we waited for.
  std::uint64_t coalesced =
      0;  // Of the misses: waited for another call's tokenization instead of doing it.
  std::uint64_t bypassed = 0;  // Not asked of the store, because encoding is likely to be quicker.
  std::uint64_t errors = 0;    // Look-ups in the store that failed.
  std::uint64_t corruptions = 0;  // Values that failed their check: deleted and rebuilt.
  std::uint64_t failures =
      0;  // Requests without an answer; their passages are not in the counts above but for errors and corruptions.
  // Of each passage.
  telemetry::LatencyHistogram memory_latency;
  telemetry::LatencyHistogram store_latency;
  telemetry::LatencyHistogram miss_latency;  // Tokenization included.

  void add(const LookupCounts& other);
};

// The counts of some who have names, a bounded number of them: who comes later is counted under kOthers. What has no name is not counted.
class CountsByName {
 public:
  static constexpr std::size_t kNamesMax = 64;
  static constexpr std::string_view kOthers = "(others)";

  struct Named {
    std::string name;
    LookupCounts counts;
  };

  // Null for an empty name. Valid until the next call.
  [[nodiscard]] LookupCounts* of(std::string_view name);
  void add(const CountsByName& other);
  [[nodiscard]] const std::vector<Named>& all() const { return all_; }

 private:
  std::vector<Named> all_;
};

// All that a cache counted of its look-ups. Warm-up is counted apart, and only there.
struct CacheCounts {
  LookupCounts all;
  LookupCounts warm_up;
  CountsByName agents;
  CountsByName tenants;

  void add(const CacheCounts& other);
  [[nodiscard]] std::size_t bytes() const;  // As allocated.
};

}  // namespace leyden::cache
