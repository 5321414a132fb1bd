#include "leyden/prompt/budget.h"

namespace leyden::prompt {

BudgetChoice choose_within_budget(std::span<const std::size_t> lengths_tokens,
                                  std::size_t budget_tokens) {
  BudgetChoice choice;
  for (std::size_t i = 0; i < lengths_tokens.size(); ++i) {
    if (lengths_tokens[i] <= budget_tokens - choice.tokens) {
      choice.kept.push_back(i);
      choice.tokens += lengths_tokens[i];
    } else {
      choice.dropped.push_back(i);
    }
  }
  return choice;
}

}  // namespace leyden::prompt
