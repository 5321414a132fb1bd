#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace leyden::prompt {

struct BudgetChoice {
  std::vector<std::size_t> kept;     // Indices in rank order.
  std::vector<std::size_t> dropped;  // Indices in rank order.
  std::size_t tokens = 0;            // Of what is kept.
};

// Keeps whole passages, best rank first, while they fit into `budget_tokens`; one that does not fit is dropped and the next
// is tried, because a long passage must not shut out the short ones behind it.
[[nodiscard]] BudgetChoice choose_within_budget(std::span<const std::size_t> lengths_tokens,
                                                std::size_t budget_tokens);

}  // namespace leyden::prompt
