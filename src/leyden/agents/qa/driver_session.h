#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

// A driver that stays: it starts once in the sandbox and answers requests one after another, each in a process of its own that it
// ends with all that the process left. Starting an interpreter and a sandbox costs more than most requests do. Confined to one thread;
// `sandbox` outlives it. What is in the sandbox ends with the object.
class DriverSession {
 public:
  // `command` reads a line for each request from `fifos`/requests, "1 NAME", and says on `fifos`/replies how it ended, "1 0".
  [[nodiscard]] static Result<std::unique_ptr<DriverSession>> start(
      const sandbox::Sandbox& sandbox, sandbox::SandboxCommand command,
      sandbox::SandboxLimits limits, const std::filesystem::path& fifos);
  ~DriverSession();
  DriverSession(const DriverSession&) = delete;
  DriverSession& operator=(const DriverSession&) = delete;

  // How the request ended: "0", "-11" (by a signal). After any error the session is at its end. Errors: timed_out; cancelled;
  // unavailable (all of it has ended: how); those of the sandbox.
  [[nodiscard]] Result<std::string> ask(const std::string& request,
                                        std::chrono::milliseconds time_max,
                                        const std::stop_token& stop);

 private:
  DriverSession() = default;
  [[nodiscard]] bool has_ended();
  [[nodiscard]] Error why_ended();

  std::uint64_t number_ = 0;  // Of the request under way.
  int requests_ = -1;
  int replies_ = -1;
  std::mutex mutex_;
  std::optional<Result<sandbox::SandboxExit>> exit_;  // Under mutex_.
  std::jthread thread_;  // Runs the sandbox. The last member: it uses the others.
};

}  // namespace leyden::qa
