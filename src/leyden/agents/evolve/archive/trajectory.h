#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "leyden/agents/evolve/archive/spent.h"
#include "leyden/agents/evolve/evaluation/evaluation.h"
#include "leyden/agents/evolve/operators/operators.h"
#include "leyden/base/digest.h"

namespace leyden::evolve {

// One candidate: where it comes from, what it is and how it did. Numbers count from 0, the start, in the order in which candidates were proposed.
struct Trajectory {
  std::size_t number = 0;
  std::size_t generation = 0;
  std::size_t island = 0;
  std::string code;                  // Whole.
  Digest digest;                     // Of the code.
  std::vector<std::size_t> parents;  // The first is the one that was changed.
  std::optional<Operator> made_by;   // Empty: the start, and what a resumed run brought along.
  std::string reasoning;
  bool by_model = false;
  Spent spent;                           // For it, answers that were no good included.
  std::optional<Evaluation> evaluation;  // Empty: not finished yet.
};

[[nodiscard]] Digest digest_of_code(std::string_view code);

}  // namespace leyden::evolve
