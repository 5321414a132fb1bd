#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

// A file with probes: `$leyden_p[7]=1` before each statement, in each branch (of if, ?:, loops, cases, &&, ||, ??, defaults of parameters)
// and in each arrow function; `throw e` tells `$leyden_t(line, e)`. Lines stay where they are. What V8's block coverage would say, but exact, and read in a
// microsecond after each call.
struct ProbedJavascript {
  std::string text;
  // Of each probe: its line as an arc to itself, or (line, -number) for a branch that begins there; an arrow function has both.
  std::vector<std::vector<Arc>> probes;

  [[nodiscard]] Goals goals() const;
  [[nodiscard]] Arcs arcs_of(std::span<const std::size_t> reached) const;
  // Those whose arcs are all among these.
  [[nodiscard]] std::vector<std::size_t> seen_in(const Arcs& arcs) const;
};
[[nodiscard]] ProbedJavascript probed_javascript(const syntax::Tree& tree, std::string_view text);

}  // namespace leyden::qa
