#include "leyden/telemetry/histogram.h"

#include <algorithm>
#include <bit>

namespace leyden::telemetry {

// Below 2^kSubBits every nanosecond has its own bucket; above, each power of two is cut into
// 2^kSubBits parts.
std::size_t LatencyHistogram::bucket_of(std::uint64_t ns) noexcept {
  constexpr std::uint64_t kParts = std::uint64_t{1} << kSubBits;
  if (ns < kParts) return static_cast<std::size_t>(ns);
  const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - kSubBits;
  const auto part = static_cast<std::size_t>((ns >> shift) & (kParts - 1));
  return ((static_cast<std::size_t>(shift) + 1) << kSubBits) + part;
}

double LatencyHistogram::middle_of(std::size_t bucket) noexcept {
  constexpr std::size_t kParts = std::size_t{1} << kSubBits;
  if (bucket < kParts) return static_cast<double>(bucket);
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const auto low = static_cast<std::uint64_t>(kParts + (bucket & (kParts - 1))) << shift;
  const auto last = low + ((std::uint64_t{1} << shift) - 1);
  return (static_cast<double>(low) + static_cast<double>(last)) / 2;
}

void LatencyHistogram::record(std::chrono::nanoseconds duration) noexcept {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  buckets_[bucket_of(ns)].fetch_add(1, std::memory_order_relaxed);
  sum_ns_.fetch_add(ns, std::memory_order_relaxed);
  std::uint64_t seen = max_ns_.load(std::memory_order_relaxed);
  while (seen < ns && !max_ns_.compare_exchange_weak(seen, ns, std::memory_order_relaxed)) {
  }
}

LatencySummary LatencyHistogram::summary() const {
  constexpr double kMs = 1e6;
  std::array<std::uint64_t, kBuckets> counts{};
  LatencySummary out;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    counts[i] = buckets_[i].load(std::memory_order_relaxed);
    out.count += counts[i];
  }
  if (out.count == 0) return out;
  const auto max_ns = static_cast<double>(max_ns_.load(std::memory_order_relaxed));
  out.max_ms = max_ns / kMs;
  out.avg_ms = static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) /
               static_cast<double>(out.count) / kMs;
  // The smallest bucket such that at least `percent` of all durations are in it or below it.
  auto percentile = [&](std::uint64_t percent) {
    const std::uint64_t rank =
        (out.count / 100) * percent + ((out.count % 100) * percent + 99) / 100;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      below += counts[i];
      if (below >= rank) return std::min(middle_of(i), max_ns) / kMs;
    }
    return out.max_ms;
  };
  out.p50_ms = percentile(50);
  out.p95_ms = percentile(95);
  out.p99_ms = percentile(99);
  return out;
}

void LatencyHistogram::reset() noexcept {
  for (auto& bucket : buckets_) bucket.store(0, std::memory_order_relaxed);
  sum_ns_.store(0, std::memory_order_relaxed);
  max_ns_.store(0, std::memory_order_relaxed);
}

}  // namespace leyden::telemetry
