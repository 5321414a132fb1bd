#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/function.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

// A small change of a source that a good test notices: bytes [begin, end) become `text`.
struct Mutant {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
  std::size_t line = 0;
  std::size_t function = 0;  // Of those that were given.
  std::string what;          // "< becomes <=".
};

// Mutants within the functions, in the order of the source, at most `per_function_max` of each, spread over it: relations at their borders
// and turned round, arithmetic, logic, numbers one off, truth values, conditions negated, statements without a value left out, `break`
// and `continue` exchanged, calls and operands left out. (The operators of Offutt's sufficient set, ACM TOSEM 5(2), 1996, and Mothra's statement deletion.) Left out, since
// they mostly change nothing that a caller sees: what stands in annotations, messages of errors, logging and docstrings.
[[nodiscard]] std::vector<Mutant> mutants_of(const syntax::Tree& tree, std::string_view text,
                                             const std::vector<Function>& functions,
                                             std::size_t per_function_max);

}  // namespace leyden::qa
