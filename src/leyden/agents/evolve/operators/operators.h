#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "leyden/agents/evolve/operators/constants.h"
#include "leyden/agents/evolve/operators/program.h"
#include "leyden/agents/evolve/random.h"

namespace leyden::evolve {

enum class Operator {
  revision,       // A failed or weak parent is changed where its evidence points, else anywhere.
  recombination,  // Two parents: each difference is taken from one or the other.
  refinement,     // A good parent's numbers and borders are tuned.
  crossover,      // A subtree of one parent takes the place of one of the same type in another.
  mutation,       // Small changes anywhere.
};
inline constexpr std::size_t kOperators = 5;
[[nodiscard]] std::string_view to_string(Operator which);
[[nodiscard]] std::optional<Operator> operator_named(std::string_view name);
[[nodiscard]] inline bool needs_two(Operator which) {
  return which == Operator::recombination || which == Operator::crossover;
}

// What an operator makes of its parents without a model.
struct Offspring {
  std::string code;
  std::string reasoning;  // What was changed.
};

struct OperatorInput {
  const Program& parent;
  const Program* other = nullptr;  // For those that need two.
  std::string_view evidence;  // Of the parent's failure: lines that it names are changed first.
  std::string_view file;      // As evidence names it: "program.py".
};

// A child that parses, and differs from its parents; nullopt where the dice found none: asking again may. Every operator's form at the level
// of syntax works for each language that has a grammar.
[[nodiscard]] std::optional<Offspring> apply_operator(Operator which, const OperatorInput& input,
                                                      const NumericSearch& numbers, Random& random);

}  // namespace leyden::evolve
