#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/base/result.h"

namespace leyden::qa {

// The tests in a model's answer: calls of test() or it() in its first block in fences, else in all of it. Those within a describe() become tests of their own,
// which begin with what its beforeEach() does. TypeScript's types go, and jest's expectations are said in node:assert's words. Errors: invalid_argument,
// says what is missing.
[[nodiscard]] Result<std::vector<SourceTest>> javascript_tests_in(std::string_view answer);

}  // namespace leyden::qa
