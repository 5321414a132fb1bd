#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "leyden/base/result.h"

namespace leyden::cli {

struct ChildCommand {
  std::vector<std::string> argv;  // The first is looked up in PATH. No shell.
  std::vector<std::pair<std::string, std::string>> environment;  // Added to ours.
  std::size_t output_tail_bytes = 16384;  // What is kept of its output: the end.
  std::chrono::milliseconds grace{2000};  // Between SIGTERM and SIGKILL.
};

struct ChildExit {
  int code = 0;    // Meaningful when `signal` is 0.
  int signal = 0;  // What ended it.
  std::string output;
};

// Runs a program in a process group of its own, with no input, and waits for its end. When `stop`
// is requested the whole group is ended (cancelled). Nothing of the group is left running in any
// case. `on_tick` (may be empty) is called on the caller's thread about ten times a second. Errors:
// not_found (no such program), cancelled, unavailable.
[[nodiscard]] Result<ChildExit> run_child(const ChildCommand& command,
                                          const std::function<void()>& on_tick,
                                          const std::stop_token& stop);

}  // namespace leyden::cli
