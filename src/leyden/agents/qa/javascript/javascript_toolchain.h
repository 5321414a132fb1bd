#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

struct JavascriptOptions {
  std::filesystem::path node;  // 18 or newer; empty: the system's.
  std::chrono::milliseconds call_time{300};
  std::chrono::milliseconds run_time_max{60'000};  // Of one run of the driver.
};

// JavaScript files, ES modules and CommonJS, and TypeScript files whose types can be left out; their tests by node:test. `sandbox` outlives it.
// The project is copied once, without node_modules, which the sandbox shows as they are.
// Errors: not_found, invalid_argument (syntax errors, nothing in it that it exports, says which), unsupported (no Node;
// JSX; TypeScript that is more than types), unavailable (the file can't be loaded: with Node's message).
[[nodiscard]] Result<std::unique_ptr<Toolchain>> open_javascript(const sandbox::Sandbox& sandbox,
                                                                 const std::filesystem::path& file,
                                                                 const JavascriptOptions& options,
                                                                 std::stop_token stop);

}  // namespace leyden::qa
