#pragma once

#include <atomic>
#include <chrono>

namespace leyden {

// Where code takes time from, so that tests can move it by hand. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic, for durations and deadlines.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point now() const = 0;
  // Wall clock, for what outlives the process (expiry on disk).
  [[nodiscard]] virtual std::chrono::system_clock::time_point wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::steady_clock::time_point now() const override {
    return std::chrono::steady_clock::now();
  }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override {
    return std::chrono::system_clock::now();
  }
};

// Stands still until advance() is called.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::steady_clock::time_point now() const override {
    return std::chrono::steady_clock::time_point(offset_.load());
  }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override {
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(offset_.load()));
  }
  void advance(std::chrono::nanoseconds by) { offset_ = offset_.load() + by; }

 private:
  std::atomic<std::chrono::nanoseconds> offset_{std::chrono::hours(24)};
};

// Milliseconds between two points, for reports.
[[nodiscard]] inline double ms_between(std::chrono::steady_clock::time_point from,
                                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace leyden
