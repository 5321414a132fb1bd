#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

struct PhpOptions {
  std::filesystem::path interpreter;  // 8.1 or newer, with Xdebug; empty: the system's.
  std::chrono::milliseconds search_call_time{100};  // Processor time of one call, counted.
  std::chrono::milliseconds call_time{300};
  std::chrono::milliseconds run_time_max{60'000};  // Of one run of the driver.
};

// PHP files, their tests by PHPUnit (the project's, in vendor, else the system's), what they reach by Xdebug. `sandbox` outlives it. The project is
// copied once, without vendor, which the sandbox shows as it is.
// Errors: not_found, invalid_argument (syntax errors, nothing in it to test, says which), unsupported (no PHP, no Xdebug, no PHPUnit),
// unavailable (the file can't be loaded: with PHP's message).
[[nodiscard]] Result<std::unique_ptr<Toolchain>> open_php(const sandbox::Sandbox& sandbox,
                                                          const std::filesystem::path& file,
                                                          const PhpOptions& options,
                                                          std::stop_token stop);

}  // namespace leyden::qa
