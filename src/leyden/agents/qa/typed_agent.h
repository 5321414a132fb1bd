#pragma once

#include "leyden/agents/qa/test_agent.h"

namespace leyden::qa {

// Makes tests of one file of another type than unit: the language's strategy for the type makes them, kept is what runs five times in a row, in any order
// and alone. Errors: those of the toolchain, unsupported where the language has none of that type; not_found (no such function).
[[nodiscard]] Result<TestReport> make_typed_tests(
    Toolchain& toolchain, const std::string& type, const TestAgentOptions& options,
    const std::function<void(const TestProgress&)>& on_progress, std::stop_token stop);

}  // namespace leyden::qa
