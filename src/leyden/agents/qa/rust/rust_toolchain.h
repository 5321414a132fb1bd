#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

struct RustOptions {
  std::filesystem::path cargo;  // Or a rustc; empty: rustup's default, else the system's.
  std::chrono::milliseconds call_time{200};
};

// Rust's sources, of a crate or alone; their tests by rustc's own harness, of what the crate shows to others. `sandbox` outlives it. The project is
// copied once. Errors: not_found, invalid_argument (nothing in it that a test could call, says why), unsupported (no rustc),
// unavailable (it does not compile: with the compiler's message).
[[nodiscard]] Result<std::unique_ptr<Toolchain>> open_rust(const sandbox::Sandbox& sandbox,
                                                           const std::filesystem::path& file,
                                                           const RustOptions& options,
                                                           std::stop_token stop);

}  // namespace leyden::qa
