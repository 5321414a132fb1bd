#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/cache/testing/fault_cases.h"
#include "leyden/cache/testing/fault_load.h"

namespace leyden::cache::testing {

struct FaultRunOptions {
  std::chrono::milliseconds before{1500};
  std::chrono::milliseconds during{3000};      // At least; until the breaker opens, if it shall.
  std::chrono::milliseconds patience{20'000};  // For whatever is waited for.
};

// Of requests that memory answered alone, in windows of 0.2 s: the p99 of each.
struct MemoryHits {
  std::vector<double> us_p99;
  [[nodiscard]] double median() const;
  [[nodiscard]] double largest() const;
};

struct FaultReport {
  LoadCounts load;  // From the start of the load to its end.
  MemoryHits before;
  MemoryHits during;
  // Since the fault was in force: until the store said that it is off (its breaker is open), and that it is not quite well.
  std::optional<std::chrono::milliseconds> off_after;
  std::optional<std::chrono::milliseconds> not_on_after;
  std::string reason;  // What the store said then.
  // Since the fault's end: until a passage encoded after it was written to the store and found there, with the store's health on.
  std::optional<std::chrono::milliseconds> recovered_after;
  std::string not_recovered;       // What the store says where it did not recover.
  std::uint64_t store_errors = 0;  // Calls of the store that failed.
  std::uint64_t values_damaged = 0;
  std::uint64_t corruptions = 0;  // Values that were found out and encoded again.
};

// Drives a whole TokenCache with FaultLoad before, during and after one fault. Errors: the case's.
[[nodiscard]] Result<FaultReport> run_fault(const FaultCase& fault_case,
                                            const FaultRunOptions& options);

}  // namespace leyden::cache::testing
