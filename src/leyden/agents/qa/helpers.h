#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/function.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

// Puts behind the functions that a test can call those that it can't: private ones, constructors, setters. They are `uncallable`, but what calls
// them is to reach them, and their mutants count. Left out is what stands within another one, and what has no body of its own to run.
void add_helpers(const syntax::Tree& tree, std::string_view text, std::vector<Function>& functions);

}  // namespace leyden::qa
