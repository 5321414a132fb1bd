#pragma once

#include <vector>

#include "leyden/agents/review/rule.h"

namespace leyden::review {

// The files of rules/, made a part of the program by embed_rules.cmake.
[[nodiscard]] const std::vector<RuleText>& embedded_rules();

}  // namespace leyden::review
