#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "leyden/cache/store.h"
#include "leyden/cache/stores/lmdb/environment.h"

namespace leyden::cache::lmdb {

// Tells a listener what the invalidation log says, from a thread of its own, which looks every
// kPeriod, or at once after wake(). A look at a store where nothing has changed reads one number.
class LogFollower {
 public:
  static constexpr std::chrono::milliseconds kPeriod{100};
  // So long the log may be unreadable before the listener is told that it may miss something.
  static constexpr std::chrono::milliseconds kSilenceMax{500};

  // Both outlive it. What was erased before is not told.
  LogFollower(Environment& environment, StoreListener& listener);
  ~LogFollower();  // Returns once no call of the listener is under way.

  void wake();

 private:
  void run(const std::stop_token& stop);
  // False when the log can't be read now.
  bool follow(const std::stop_token& stop);

  Environment& environment_;
  StoreListener& listener_;
  std::optional<std::uint64_t> position_;  // Unknown where it could not be read at the start.
  std::optional<std::uint64_t> last_transaction_;  // That was looked at.
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;
  std::jthread thread_;  // First to go.
};

}  // namespace leyden::cache::lmdb
