#include "leyden/llm/http/retry.h"

#include <algorithm>

namespace leyden::llm {

RetryPolicy::RetryPolicy(const RetryOptions& options) : options_(options) {
  state_.with([&](State& state) { state.budget = options.budget_burst; });
}

void RetryPolicy::request_began() {
  state_.with([&](State& state) {
    state.budget = std::min(state.budget + options_.budget_ratio, options_.budget_burst);
  });
}

std::optional<std::chrono::milliseconds> RetryPolicy::next_delay(
    std::size_t attempts, std::optional<std::chrono::milliseconds> retry_after) {
  using Ms = std::chrono::milliseconds;
  if (attempts >= options_.attempts_max) return std::nullopt;
  if (retry_after && *retry_after > options_.retry_after_max) return std::nullopt;
  return state_.with([&](State& state) -> std::optional<Ms> {
    if (state.budget < 1) return std::nullopt;
    state.budget -= 1;
    const auto doubled = options_.first_delay * (1LL << std::min<std::size_t>(attempts - 1, 20));
    const Ms most = std::min<Ms>(doubled, options_.delay_max);
    const Ms jitter(std::uniform_int_distribution<long long>(0, most.count())(state.random));
    return retry_after.value_or(Ms(0)) + jitter;
  });
}

}  // namespace leyden::llm
