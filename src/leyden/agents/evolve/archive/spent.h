#pragma once

#include <cstdint>

namespace leyden::evolve {

// What answers of a model took.
struct Spent {
  std::uint64_t tokens = 0;  // Of prompts and answers.
  std::uint64_t calls = 0;
  double cost = 0;  // In the currency of the prices; 0 where none are known.

  Spent& operator+=(const Spent& other) {
    tokens += other.tokens;
    calls += other.calls;
    cost += other.cost;
    return *this;
  }
};

// Bounds of it, of a whole run: once one is reached the model is asked nothing more, so that it is passed by one answer at most. 0: none.
struct SpendingLimits {
  std::uint64_t tokens = 0;
  std::uint64_t calls = 0;
  double cost = 0;

  [[nodiscard]] bool allow(const Spent& spent) const {
    return (tokens == 0 || spent.tokens < tokens) && (calls == 0 || spent.calls < calls) &&
           (cost == 0 || spent.cost < cost);
  }
};

}  // namespace leyden::evolve
