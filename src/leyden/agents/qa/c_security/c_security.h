#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "leyden/agents/qa/test_agent.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

// Security tests of a C file: a libFuzzer target under AddressSanitizer and UndefinedBehaviorSanitizer that calls each of its functions with texts,
// numbers, standard input and environment that an attacker would give. What a sanitizer finds is a suspected defect; a function is kept as tested where five
// runs with other seeds find nothing. Everything is compiled and run in the sandbox. Errors: unsupported (no clang with libFuzzer),
// not_found (no function that can be called), unavailable (it does not compile: says why).
[[nodiscard]] Result<TestReport> c_security_tests(
    const sandbox::Sandbox& sandbox, const std::filesystem::path& file, const std::string& source,
    const TestAgentOptions& options, const std::function<void(const TestProgress&)>& on_progress,
    std::stop_token stop);

}  // namespace leyden::qa
