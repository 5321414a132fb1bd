#include "leyden/telemetry/histogram.h"

#include <algorithm>
#include <bit>

namespace leyden::telemetry {
namespace {

constexpr unsigned kSubBits = 4;
constexpr std::size_t kParts = std::size_t{1} << kSubBits;
constexpr std::size_t kBuckets = (64 - kSubBits + 1) << kSubBits;

// Below 2^kSubBits every nanosecond has its own bucket; above, each power of two is cut into
// 2^kSubBits parts.
std::size_t bucket_of(std::uint64_t ns) {
  if (ns < kParts) return static_cast<std::size_t>(ns);
  const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - kSubBits;
  const auto part = static_cast<std::size_t>((ns >> shift) & (kParts - 1));
  return ((static_cast<std::size_t>(shift) + 1) << kSubBits) + part;
}

double middle_of(std::size_t bucket) {
  if (bucket < kParts) return static_cast<double>(bucket);
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const auto low = static_cast<std::uint64_t>(kParts + (bucket & (kParts - 1))) << shift;
  const auto last = low + ((std::uint64_t{1} << shift) - 1);
  return (static_cast<double>(low) + static_cast<double>(last)) / 2;
}

}  // namespace

void LatencyHistogram::record(std::chrono::nanoseconds duration) {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  const std::size_t bucket = bucket_of(ns);
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  ++counts_[bucket];
  sum_ns_ += ns;
  max_ns_ = std::max(max_ns_, ns);
}

void LatencyHistogram::add(const LatencyHistogram& other) {
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  sum_ns_ += other.sum_ns_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

LatencySummary LatencyHistogram::summary() const {
  constexpr double kMs = 1e6;
  LatencySummary out;
  for (const std::uint64_t count : counts_) out.count += count;
  if (out.count == 0) return out;
  const auto max_ns = static_cast<double>(max_ns_);
  out.max_ms = max_ns / kMs;
  out.avg_ms = static_cast<double>(sum_ns_) / static_cast<double>(out.count) / kMs;
  // The smallest bucket such that at least `percent` of all durations are in it or below it.
  auto percentile = [&](std::uint64_t percent) {
    const std::uint64_t rank =
        (out.count / 100) * percent + ((out.count % 100) * percent + 99) / 100;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      below += counts_[i];
      if (below >= rank) return std::min(middle_of(i), max_ns) / kMs;
    }
    return out.max_ms;
  };
  out.p50_ms = percentile(50);
  out.p95_ms = percentile(95);
  out.p99_ms = percentile(99);
  return out;
}

LatencyHistogram::Content LatencyHistogram::content() const {
  Content out{.buckets = {}, .sum_ns = sum_ns_, .max_ns = max_ns_};
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) out.buckets.emplace_back(static_cast<std::uint32_t>(i), counts_[i]);
  }
  return out;
}

LatencyHistogram LatencyHistogram::of(const Content& content) {
  LatencyHistogram out;
  for (const auto& [bucket, count] : content.buckets) {
    if (bucket >= kBuckets) continue;
    if (bucket >= out.counts_.size()) out.counts_.resize(bucket + 1);
    out.counts_[bucket] += count;
  }
  out.sum_ns_ = content.sum_ns;
  out.max_ns_ = content.max_ns;
  return out;
}

}  // namespace leyden::telemetry
