#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace leyden::telemetry {

struct LatencySummary {
  std::uint64_t count = 0;
  double avg_ms = 0;
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};

// Durations in buckets of about 6 % width (16 per power of two), from 1 ns to over an hour, in a
// fixed 8 KB (the HDR histogram's idea, hdrhistogram.org). Thread-safe; record() is one relaxed add
// and never blocks. A summary taken while others record is off by at most what was recorded
// meanwhile.
class LatencyHistogram {
 public:
  void record(std::chrono::nanoseconds duration) noexcept;
  [[nodiscard]] LatencySummary summary() const;
  void reset() noexcept;

 private:
  static constexpr unsigned kSubBits = 4;
  static constexpr std::size_t kBuckets = (64 - kSubBits + 1) << kSubBits;
  [[nodiscard]] static std::size_t bucket_of(std::uint64_t ns) noexcept;
  [[nodiscard]] static double middle_of(std::size_t bucket) noexcept;

  std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
  std::atomic<std::uint64_t> sum_ns_{0};
  std::atomic<std::uint64_t> max_ns_{0};
};

}  // namespace leyden::telemetry
