#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "leyden/base/deadline.h"

namespace leyden::cache {

// Counts who is inside, so that someone can be alone, or close for good once all have left. Unlike
// a shared mutex it may be held across I/O, waits with a deadline, and may be left by another
// thread. Thread-safe.
class Gate {
 public:
  // Being inside. Movable; leaves at its end.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    Gate* gate_;
  };

  // Nothing when the gate is closed, or when the deadline passes while someone is alone inside.
  [[nodiscard]] std::optional<Pass> enter(Deadline deadline) {
    std::unique_lock lock(mutex_);
    const bool free = wait(lock, deadline, [&] { return closed_ || !alone_; });
    if (!free || closed_) return std::nullopt;
    ++inside_;
    return Pass(*this);
  }

  // Runs `f` while nobody else is inside; newcomers wait. False when it did not come to that.
  template <class F>
  bool alone(Deadline deadline, F&& f) {
    std::unique_lock lock(mutex_);
    if (!wait(lock, deadline, [&] { return closed_ || !alone_; }) || closed_) return false;
    alone_ = true;  // From here on nobody enters.
    const bool empty = wait(lock, deadline, [&] { return inside_ == 0; });
    if (empty) {
      lock.unlock();
      std::forward<F>(f)();
      lock.lock();
    }
    alone_ = false;
    changed_.notify_all();
    return empty;
  }

  // Lets nobody in any more and returns when all have left. Idempotent.
  void close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return inside_ == 0 && !alone_; });
  }

 private:
  void leave() {
    // Notified under the lock: the one who waits in close() may destroy the gate right after.
    std::lock_guard lock(mutex_);
    --inside_;
    if (inside_ == 0) changed_.notify_all();
  }

  template <class Condition>
  bool wait(std::unique_lock<std::mutex>& lock, Deadline deadline, Condition condition) {
    if (deadline.when() == Deadline::never().when()) {
      changed_.wait(lock, condition);
      return true;
    }
    return changed_.wait_until(lock, deadline.when(), condition);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t inside_ = 0;
  bool alone_ = false;
  bool closed_ = false;
};

}  // namespace leyden::cache
