#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// The tests of a model's answer; those of a `mod tests` count as the file's. Errors: invalid_argument (there is none).
[[nodiscard]] Result<std::vector<SourceTest>> rust_tests_in(std::string_view answer);

}  // namespace leyden::qa
