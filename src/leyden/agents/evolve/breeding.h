#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/evolve/child_writer.h"
#include "leyden/agents/evolve/search_state.h"

namespace leyden::evolve {

struct BreedingOptions {
  syntax::Language language{};
  std::string file;  // The program's name, as evidence has it.
  std::uint64_t seed = 1;
  std::size_t islands = 2;
  SpendingLimits spending;
  std::vector<Operator> operators = {};  // Only these; empty: all.
};

// A generation, and what was paid for answers that no child bears: it has none then.
struct Brood {
  std::vector<Trajectory> children;
  Spent spent;
};

// The next generation's children: at most `count`, each unlike all that were before, fewer where the dice find no more. They follow from the state,
// the seed and, where there is one, what the writer answers. Errors: cancelled.
[[nodiscard]] Result<Brood> breed(const SearchState& state, std::size_t count,
                                  const BreedingOptions& options, ChildWriter* writer,
                                  const std::stop_token& stop);

}  // namespace leyden::evolve
