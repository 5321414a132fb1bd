#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/mutants.h"

namespace leyden::qa {

// From the opening brace of a function's body to behind its closing one.
struct BodySpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t function = 0;
  bool operator==(const BodySpan&) const = default;
};

// One source for many mutants: each body stands in it once for each of its mutants, and as it is, and a number decides which runs. Whole bodies
// and not expressions, since then types never change and the language does not matter: any that has `if` and blocks will do.
struct Schemata {
  std::string text;
  std::vector<std::size_t> first_line;  // Of each mutant's body; 0: it is not in the text.
  std::vector<std::size_t> last_line;
  std::vector<std::size_t> body_end;  // The last line of the function that each stands in.
  // Those that stand on this line; if none does, those of the function whose end it is: what is wrong at a function's end (no value is
  // returned, a field has none) is told there, whoever brought it about.
  [[nodiscard]] std::vector<std::size_t> at_line(std::size_t line) const;
};
// `condition` writes the test of a number: "if (leyden_is(3))". Mutants that are `left_out`, or in no body, are not in the text.
[[nodiscard]] Schemata schemata_of(std::string_view text, std::span<const BodySpan> bodies,
                                   std::span<const Mutant> mutants,
                                   const std::vector<bool>& left_out,
                                   const std::function<std::string(std::size_t number)>& condition);

}  // namespace leyden::qa
