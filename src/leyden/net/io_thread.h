#pragma once

#include <memory>

namespace leyden::net {

// The thread that does the reading and writing of the connections that are opened on it. Thread-safe.
class IoThread {
 public:
  IoThread();
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Ends the thread once all that was opened on it is closed: close it first. Idempotent. May last as long as the system's look-up of a
  // host name that is under way.
  void stop();

  struct State;
  [[nodiscard]] const std::shared_ptr<State>& state() const { return state_; }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace leyden::net
