#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/function.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

// What a test can call in a Python file: its functions and the methods of its classes, without those whose names say that they are not
// for others (`_name`, but not `__name__` methods that operators call), without what is nested in a function, abstract methods and tests.
// Types come from annotations; where there are none, from defaults, names and what the body does with a parameter.
// Private functions of the module are there as a last resort.
[[nodiscard]] std::vector<Function> python_functions(const syntax::Tree& tree,
                                                     std::string_view text);

// Whether the order of a set, or a hash, may be in what it gives: it makes sets, asks for hashes, or imports a module that may.
[[nodiscard]] bool python_depends_on_hashes(const syntax::Tree& tree, std::string_view text);

}  // namespace leyden::qa
