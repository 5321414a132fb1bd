#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

struct RubyOptions {
  std::filesystem::path interpreter;                // With minitest; empty: the system's.
  std::chrono::milliseconds search_call_time{100};  // Processor time of one call, counted.
  std::chrono::milliseconds call_time{300};
  std::chrono::milliseconds run_time_max{60'000};  // Of one run of the driver.
};

// Ruby files, their tests by Minitest, what they reach by Ruby's own Coverage. `sandbox` outlives it. The project is copied once.
// Errors: not_found, invalid_argument (syntax errors, nothing in it to test, says which), unsupported (no Ruby, no minitest),
// unavailable (the file can't be loaded: with Ruby's message).
[[nodiscard]] Result<std::unique_ptr<Toolchain>> open_ruby(const sandbox::Sandbox& sandbox,
                                                           const std::filesystem::path& file,
                                                           const RubyOptions& options,
                                                           std::stop_token stop);

}  // namespace leyden::qa
