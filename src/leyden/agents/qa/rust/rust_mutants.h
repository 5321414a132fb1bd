#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/mutants_of_scripts.h"

namespace leyden::qa {

// As ruby_changes().
[[nodiscard]] std::vector<NodeChange> rust_changes(syntax::Node node, std::string_view text);
// What no caller sees, or what the compiler reads: attributes, messages of panics, tests.
[[nodiscard]] bool is_silent_in_rust(syntax::Node node, std::string_view text);

}  // namespace leyden::qa
