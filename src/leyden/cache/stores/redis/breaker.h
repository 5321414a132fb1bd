#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>

#include "leyden/base/clock.h"

namespace leyden::cache {

// Stands before a server that may be dead. Closed: calls go through. Open: none does; from time to time one probe asks whether the
// server is back. Opens at trip(), after three failures in a row, and where half of at least 20 calls of the last one to two seconds
// failed. Thread-safe.
class Breaker {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit Breaker(const Clock& clock) : clock_(clock) {}

  [[nodiscard]] bool open() const;
  [[nodiscard]] std::string reason() const;  // Why it opened last.

  void succeeded();
  void failed(const std::string& why);
  void trip(const std::string& why);  // The server is certainly not there.

  // True once, when the time for the next probe has come; then probed() says how it went. The waits double from 0.2 s to 2 s, each
  // shortened by up to a half at random, so that many clients do not come back at once.
  [[nodiscard]] bool take_probe();
  void probed(bool well, const std::string& why);

 private:
  void open_locked(const std::string& why);

  const Clock& clock_;
  mutable std::mutex mutex_;
  bool open_ = false;
  std::string reason_;
  int failures_in_row_ = 0;
  struct Counts {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
  };
  Counts now_;     // Of the second that began at `second_`,
  Counts before_;  // and of the one before.
  Time second_{};
  std::chrono::milliseconds wait_{0};
  Time probe_at_{};
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace leyden::cache
