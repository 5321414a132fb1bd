#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

struct CppOptions {
  std::filesystem::path compiler;  // g++ or clang++; empty: what the sandbox has.
  std::chrono::milliseconds call_time{200};
  bool is_c = false;  // The C compiler beside `compiler` builds it.
};

// C and C++ sources and headers; their tests by GoogleTest, in C++. `sandbox` outlives it. The project is copied once.
// Errors: not_found, invalid_argument (nothing in it that a test could call, says why), unsupported (no compiler, no GoogleTest),
// unavailable (it does not compile: with the compiler's message).
[[nodiscard]] Result<std::unique_ptr<Toolchain>> open_cpp(const sandbox::Sandbox& sandbox,
                                                          const std::filesystem::path& file,
                                                          const CppOptions& options,
                                                          std::stop_token stop);

}  // namespace leyden::qa
