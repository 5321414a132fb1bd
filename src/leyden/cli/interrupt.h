#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace leyden::cli {

// Turns SIGINT and SIGTERM into a stop request, so that everything is cleaned up on the way out. A second signal ends the process
// at once. Make it first thing in main, before any other thread: the signals are blocked and waited for by one thread here.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  // 130 or 143 after a signal, else 0.
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  std::stop_source source_;
  std::atomic<int> exit_code_{0};
  std::jthread waiter_;
};

}  // namespace leyden::cli
