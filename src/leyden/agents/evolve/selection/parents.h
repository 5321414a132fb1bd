#pragma once

#include <array>
#include <optional>
#include <vector>

#include "leyden/agents/evolve/archive/archive.h"
#include "leyden/agents/evolve/operators/operators.h"
#include "leyden/agents/evolve/random.h"

namespace leyden::evolve {

// Who a child is made of: numbers of trajectories, the one that is changed first.
struct Parents {
  std::size_t first = 0;
  std::optional<std::size_t> second;
};

// Which operators have parents on the island.
[[nodiscard]] std::array<bool, kOperators> possible_operators(const Archive& archive,
                                                              std::size_t island);

// By score and novelty: better ranks are likelier, those with many children less (each cell of the archive is a place of its own, so a rare
// kind of program stands beside the best). Revision takes failures that came near; refinement the best; the others any.
// nullopt: there are none.
[[nodiscard]] std::optional<Parents> choose_parents(Operator which, const Archive& archive,
                                                    std::size_t island, Random& random);

}  // namespace leyden::evolve
