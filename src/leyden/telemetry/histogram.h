#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace leyden::telemetry {

struct LatencySummary {
  std::uint64_t count = 0;
  double avg_ms = 0;
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};

// Durations in buckets of about 6 % width (16 per power of two), from 1 ns on (the HDR histogram's idea,
// hdrhistogram.org). Takes 8 bytes a bucket up to the longest duration so far: 2 KB at 1 ms, 8 KB at
// most. A value, so not thread-safe.
class LatencyHistogram {
 public:
  void record(std::chrono::nanoseconds duration);
  void add(const LatencyHistogram& other);
  [[nodiscard]] LatencySummary summary() const;
  [[nodiscard]] std::size_t bytes() const { return counts_.capacity() * sizeof(counts_[0]); }

  // What it holds, to keep and to make it from again: the buckets that are not empty, by number.
  struct Content {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> buckets;
    std::uint64_t sum_ns = 0;
    std::uint64_t max_ns = 0;
  };
  [[nodiscard]] Content content() const;
  // Buckets that there can't be are left out.
  [[nodiscard]] static LatencyHistogram of(const Content& content);

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t sum_ns_ = 0;
  std::uint64_t max_ns_ = 0;
};

}  // namespace leyden::telemetry
