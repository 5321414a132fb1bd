#include "leyden/cache/cost_model.h"

#include <algorithm>
#include <cmath>

namespace leyden::cache {
namespace {

constexpr double kForget = 1.0 / 64;
constexpr std::uint64_t kKnownFrom = 8;
constexpr double kFarOff = 8;  // Times what was expected.
constexpr std::uint64_t kExploreEvery = 64;

double ns(std::chrono::nanoseconds time) { return static_cast<double>(time.count()); }

}  // namespace

void RunningLine::add(double x, double y) {
  if (auto expected = at(x); expected && *expected > 0 && y > kFarOff * *expected)
    y = kFarOff * *expected;
  const double keep = 1 - kForget;
  weight_ = keep * weight_ + 1;
  x_ = keep * x_ + x;
  y_ = keep * y_ + y;
  xx_ = keep * xx_ + x * x;
  xy_ = keep * xy_ + x * y;
  ++count_;
}

double RunningLine::value(double x) const {
  const double mean_x = x_ / weight_;
  const double mean_y = y_ / weight_;
  const double variance = xx_ / weight_ - mean_x * mean_x;
  const double covariance = xy_ / weight_ - mean_x * mean_y;
  // All of one size, or quicker the larger they are: nothing is known but the mean.
  const bool has_slope = variance > 1e-9 * std::max(1.0, mean_x * mean_x) && covariance > 0;
  const double slope = has_slope ? covariance / variance : 0;
  return mean_y + slope * (x - mean_x);
}

std::optional<double> RunningLine::at(double x) const {
  if (count_ < kKnownFrom) return std::nullopt;
  return std::max(0.0, value(x));
}

std::optional<bool> CostModel::is_reading_quicker(const State& state, double bytes) {
  const auto encode = state.encode.at(bytes);
  const auto read = state.read.at(bytes);
  if (!encode || !read) return std::nullopt;
  return *read < state.found_share * *encode;
}

bool CostModel::should_read(std::size_t bytes) {
  if (reads_ != StoreReads::by_cost) return reads_ == StoreReads::always;
  return state_.with([&](State& state) {
    if (++state.questions % kExploreEvery == 0) return true;
    return is_reading_quicker(state, static_cast<double>(bytes)).value_or(true);
  });
}

void CostModel::encoded(std::size_t bytes, std::chrono::nanoseconds time) {
  state_.with([&](State& state) { state.encode.add(static_cast<double>(bytes), ns(time)); });
}

void CostModel::read(std::size_t bytes_asked, std::size_t bytes_found,
                     std::chrono::nanoseconds time) {
  if (bytes_asked == 0) return;
  const double share = static_cast<double>(bytes_found) / static_cast<double>(bytes_asked);
  state_.with([&](State& state) {
    state.read.add(static_cast<double>(bytes_asked), ns(time));
    state.found_share += (std::clamp(share, 0.0, 1.0) - state.found_share) * kForget * 4;
  });
}

CostModel::Estimate CostModel::estimate() const {
  return state_.with([](const State& state) {
    Estimate out{.found_share = state.found_share};
    constexpr double kKiB = 1024;
    if (auto encode = state.encode.at(kKiB)) out.encode_us = *encode / 1000;
    if (auto read = state.read.at(kKiB)) out.read_us = *read / 1000;
    // Lines cross once at most; sizes of requests are small numbers' powers anyway.
    for (std::size_t bytes = 64; bytes <= std::size_t{1} << 26U; bytes *= 2) {
      if (is_reading_quicker(state, static_cast<double>(bytes)).value_or(false)) {
        std::size_t low = bytes / 2;
        std::size_t high = bytes;
        while (high - low > 1 && bytes > 64) {
          const std::size_t middle = (low + high) / 2;
          const bool quicker = *is_reading_quicker(state, static_cast<double>(middle));
          (quicker ? high : low) = middle;
        }
        out.crossover_bytes = bytes > 64 ? high : 0;
        break;
      }
    }
    return out;
  });
}

}  // namespace leyden::cache
