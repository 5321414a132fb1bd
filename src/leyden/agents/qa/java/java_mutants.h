#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/mutants_of_scripts.h"

namespace leyden::qa {

// As ruby_changes().
[[nodiscard]] std::vector<NodeChange> java_changes(syntax::Node node, std::string_view text);

}  // namespace leyden::qa
