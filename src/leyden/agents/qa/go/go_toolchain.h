#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

struct GoOptions {
  std::filesystem::path go;  // Empty: the one that the sandbox has.
  std::chrono::milliseconds call_time{200};
};

// Go's sources, of a module or without one; their tests by `go test`, in the package. `sandbox` outlives it. The project is copied once.
// Errors: not_found, invalid_argument (nothing in it that a test could call, says why), unsupported (no go),
// unavailable (it does not compile: with the compiler's message).
[[nodiscard]] Result<std::unique_ptr<Toolchain>> open_go(const sandbox::Sandbox& sandbox,
                                                         const std::filesystem::path& file,
                                                         const GoOptions& options,
                                                         std::stop_token stop);

}  // namespace leyden::qa
