#include "leyden/cache/stores/redis/breaker.h"

#include <algorithm>

namespace leyden::cache {
namespace {

using namespace std::chrono_literals;

constexpr int kFailuresInRow = 3;
constexpr std::uint64_t kCallsMin = 20;
constexpr auto kWaitMin = 200ms;
constexpr auto kWaitMax = 2000ms;

}  // namespace

bool Breaker::open() const { return std::lock_guard(mutex_), open_; }
std::string Breaker::reason() const { return std::lock_guard(mutex_), reason_; }

void Breaker::succeeded() {
  std::lock_guard lock(mutex_);
  failures_in_row_ = 0;
  ++now_.calls;
}

void Breaker::failed(const std::string& why) {
  std::lock_guard lock(mutex_);
  if (open_) return;
  const Time now = clock_.now();
  if (now - second_ >= 1s) {
    before_ = now - second_ < 2s ? now_ : Counts{};
    now_ = {};
    second_ = now;
  }
  ++now_.calls;
  ++now_.failures;
  const Counts both{now_.calls + before_.calls, now_.failures + before_.failures};
  if (++failures_in_row_ >= kFailuresInRow ||
      (both.calls >= kCallsMin && both.failures * 2 >= both.calls))
    open_locked(why);
}

void Breaker::trip(const std::string& why) {
  std::lock_guard lock(mutex_);
  if (!open_) open_locked(why);
}

void Breaker::open_locked(const std::string& why) {
  open_ = true;
  reason_ = why;
  wait_ = kWaitMin;
  probe_at_ = clock_.now() + wait_;
}

bool Breaker::take_probe() {
  std::lock_guard lock(mutex_);
  if (!open_ || clock_.now() < probe_at_) return false;
  probe_at_ = Time::max();  // Until it is known how it went.
  return true;
}

void Breaker::probed(bool well, const std::string& why) {
  std::lock_guard lock(mutex_);
  if (!open_) return;
  if (well) {
    open_ = false;
    failures_in_row_ = 0;
    now_ = before_ = {};
    return;
  }
  reason_ = why;
  wait_ = std::min<std::chrono::milliseconds>(wait_ * 2, kWaitMax);
  probe_at_ =
      clock_.now() + wait_ / 2 +
      std::chrono::milliseconds(std::uniform_int_distribution<long>(0, wait_.count() / 2)(random_));
}

}  // namespace leyden::cache
