#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>

#include "leyden/agents/qa/java/java_kit.h"
#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

// Java's sources; their tests by JUnit 5, in the package. A JDK and a compiler start once in the sandbox, with its own class path: no Maven, no
// Gradle. `sandbox` outlives it. The project is copied once. Errors: not_found, invalid_argument (nothing in it that a test
// could call, says why), unsupported (no JDK, no JUnit), unavailable (it does not compile: with the compiler's message).
[[nodiscard]] Result<std::unique_ptr<Toolchain>> open_java(const sandbox::Sandbox& sandbox,
                                                           const std::filesystem::path& file,
                                                           const JavaOptions& options,
                                                           std::stop_token stop);

}  // namespace leyden::qa
