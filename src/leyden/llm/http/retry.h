#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <random>

#include "leyden/base/guarded.h"

namespace leyden::llm {

struct RetryOptions {
  std::size_t attempts_max = 4;  // The first included.
  std::chrono::milliseconds first_delay{250};
  std::chrono::milliseconds delay_max{8'000};
  // A server that wants a longer wait than this is not waited for.
  std::chrono::milliseconds retry_after_max{30'000};
  // Retries allowed for each request that is begun; a few are allowed at once.
  double budget_ratio = 0.1;
  double budget_burst = 10;
};

// When a request may be tried again, and after how long. A budget keeps all requests together from multiplying the load of a server that is
// down. Thread-safe.
class RetryPolicy {
 public:
  explicit RetryPolicy(const RetryOptions& options);

  void request_began();

  // Full jitter: from nothing to twice as much after each attempt ("Exponential Backoff And Jitter", AWS, 2015). Nothing: don't, for the
  // attempts or the budget are used up, or the server's wish is too long. `attempts`: made so far, at least 1.
  [[nodiscard]] std::optional<std::chrono::milliseconds> next_delay(
      std::size_t attempts, std::optional<std::chrono::milliseconds> retry_after);

 private:
  struct State {
    double budget = 0;
    std::minstd_rand random{std::random_device{}()};
  };
  const RetryOptions options_;
  Guarded<State> state_;
};

}  // namespace leyden::llm
