#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/mutants_of_scripts.h"

namespace leyden::qa {

// As ruby_changes(), of C and C++: parts of statements and expressions left out, functions that have an opposite, loops that end early.
[[nodiscard]] std::vector<NodeChange> cpp_changes(syntax::Node node, std::string_view text,
                                                  bool is_c);

}  // namespace leyden::qa
