#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// The tests in a model's answer: methods with @Test in its first block in fences, else in all of it, of a class or on their own; what else its class
// has is support. Errors: invalid_argument (there is none).
[[nodiscard]] Result<std::vector<SourceTest>> java_tests_in(std::string_view answer);

}  // namespace leyden::qa
