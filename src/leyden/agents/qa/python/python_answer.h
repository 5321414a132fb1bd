#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/base/result.h"

namespace leyden::qa {

// The test functions in a model's answer, also those of its classes (unittest's, pytest's): of its first block in fences, else of all of it. Mended by rule: an
// assertion that is there twice goes, what is used of pytest, unittest and the module is imported. Errors: invalid_argument, says what is missing.
[[nodiscard]] Result<std::vector<SourceTest>> python_tests_in(
    std::string_view answer, std::string_view module, const std::vector<Function>& functions);

}  // namespace leyden::qa
