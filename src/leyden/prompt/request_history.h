#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

#include "leyden/prompt/forecast.h"

namespace leyden::prompt {

// Which passages recent requests had, as a forecast of what comes. Confined to one thread.
class RequestHistory final : public Forecast {
 public:
  explicit RequestHistory(std::size_t window_requests = 4096) : window_(window_requests) {}

  void add(std::span<const PromptPart> passages);

  // In how many of the requests the passage was.
  [[nodiscard]] double popularity(std::uint64_t id) const override;
  // A coming request is like one of the past, or like this one, but for some of its passages: each stays with a probability that
  // falls with its rank (on a real trace the first of six is in 58 % of the later requests that share two passages, the sixth in
  // 32 %), and one that was not there comes in by its popularity: a kernel density over sets.
  [[nodiscard]] std::vector<double> together(
      std::span<const PromptPart> ranked, std::span<const std::size_t> given,
      std::span<const std::size_t> candidates) const override;

 private:
  std::size_t window_;
  std::uint64_t next_ = 0;  // Number of the next request.
  std::deque<std::vector<std::uint64_t>> requests_;
  std::unordered_map<std::uint64_t, std::deque<std::uint64_t>>
      having_;  // Requests by passage, ascending.
};

}  // namespace leyden::prompt
