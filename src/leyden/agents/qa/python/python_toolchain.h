#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/sandbox.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

struct PythonOptions {
  std::filesystem::path
      interpreter;  // With pytest; empty: the project's .venv or venv, else python3 of the system.
  std::chrono::milliseconds search_call_time{100};  // Processor time of one call, traced.
  std::chrono::milliseconds call_time{300};
  std::chrono::milliseconds run_time_max{60'000};  // Of one run of the driver or of a test file.
};

// Python files, their tests by pytest. `sandbox` outlives it. The project is copied once: what runs never touches the original.
// Errors: not_found, invalid_argument (syntax errors, nothing in it to test, says which), unsupported (no pytest),
// unavailable (the file can't be imported: with Python's message).
[[nodiscard]] Result<std::unique_ptr<Toolchain>> open_python(const sandbox::Sandbox& sandbox,
                                                             const std::filesystem::path& file,
                                                             const PythonOptions& options,
                                                             std::stop_token stop);

}  // namespace leyden::qa
