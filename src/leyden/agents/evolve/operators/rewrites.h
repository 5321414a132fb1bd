#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/operators/edits.h"

namespace leyden::evolve {

// A known way to the same answer for less: several edits that belong together. It mostly keeps what the program does; whether it does, and
// whether it pays, is the judge's to say.
struct Rewrite {
  std::vector<Edit> edits;  // None within another.
  std::string what;
};

// What the program offers, of these:
//   loops       what does not change in a loop is computed before it; a loop ends once its answer is known; membership is asked of a set;
//               a vector is given its room beforehand
//   containers  hashed ones for ordered ones, vectors for lists, a deque where a list's first is taken; large parameters by reference
//   memoise     a function keeps its answers
// Python, C++ and C (of loops only what C has); empty for others.
[[nodiscard]] std::vector<Rewrite> rewrites_of(const Program& program);

// The text with all of its edits; nullopt when one is where nothing may change, or the text has new syntax errors.
[[nodiscard]] std::optional<std::string> applied(const Program& program, const Rewrite& rewrite);

}  // namespace leyden::evolve
