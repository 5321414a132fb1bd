#pragma once

#include <algorithm>
#include <chrono>

namespace leyden {

// The moment past which nobody waits for an answer. Made once per request and passed down.
class Deadline {
 public:
  using SteadyClock = std::chrono::steady_clock;

  [[nodiscard]] static Deadline at(SteadyClock::time_point when) { return Deadline(when); }
  [[nodiscard]] static Deadline after(SteadyClock::duration wait) {
    return Deadline(SteadyClock::now() + wait);
  }
  [[nodiscard]] static Deadline never() { return Deadline(SteadyClock::time_point::max()); }

  [[nodiscard]] SteadyClock::time_point when() const { return when_; }
  [[nodiscard]] bool passed() const { return SteadyClock::now() >= when_; }
  [[nodiscard]] SteadyClock::duration left() const {
    return std::max(when_ - SteadyClock::now(), SteadyClock::duration::zero());
  }

 private:
  explicit Deadline(SteadyClock::time_point when) : when_(when) {}
  SteadyClock::time_point when_;
};

}  // namespace leyden
