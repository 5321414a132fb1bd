#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "leyden/prompt/passage_order.h"

namespace leyden::prompt {

// Requests, one after the other, to a server with a prefix cache: how many of their tokens it has to compute depends on the order
// of their passages. `requests`: of each the distinct passages, best first.
struct Replay {
  std::uint64_t tokens = 0;  // In all prompts.
  std::uint64_t reused_tokens = 0;
  [[nodiscard]] double reused_share() const {
    return tokens == 0 ? 0 : static_cast<double>(reused_tokens) / static_cast<double>(tokens);
  }
};
using ReplayRequests = std::span<const std::vector<PromptPart>>;

// Each request is ordered without knowing those behind it. `on_request` hears how many are done; when it returns false the
// replay ends there.
[[nodiscard]] Replay replay_order(ReplayRequests requests, const OrderRequest& order,
                                  std::size_t server_cache_tokens,
                                  const std::function<bool(std::size_t)>& on_request = {});

// PassageOrder::prefix with the future for a forecast: the best order that we know, no bound of what is possible.
[[nodiscard]] Replay replay_knowing_the_future(
    ReplayRequests requests, std::size_t server_cache_tokens,
    const std::function<bool(std::size_t)>& on_request = {});

}  // namespace leyden::prompt
