#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// The tests in a model's answer: func TestName(t *testing.T) in its first block in fences, else in all of it; what else stands there is support.
// Errors: invalid_argument (there is none).
[[nodiscard]] Result<std::vector<SourceTest>> go_tests_in(std::string_view answer);

}  // namespace leyden::qa
