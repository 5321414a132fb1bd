#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "leyden/base/deadline.h"
#include "leyden/base/result.h"
#include "leyden/sandbox/descriptors.h"
#include "leyden/sandbox/kept_output.h"

namespace leyden::sandbox {

struct StartRequest {
  std::string path;
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // The whole of it.
  // Ours, and the number that it has there. It has no other descriptors but 0 and 1, which are /dev/null.
  std::vector<std::pair<int, int>> descriptors;
};

// Starts a program in a session of its own, with no signal blocked or ignored. Costs the same however large this process is.
// Errors: unavailable.
[[nodiscard]] Result<pid_t> start_process(const StartRequest& request);

// The reading ends of what a started process and its tree write.
struct ProcessOutputs {
  Descriptor report;
  Descriptor messages;
  Descriptor info;  // Names the inner process, which ends with all of its namespace; may be empty.
  Descriptor output;
  Descriptor error;
};

struct ProcessEnd {
  bool timed_out = false;
  bool cancelled = false;
  std::string report;
  std::string messages;
  Output output;
  Output error_output;
  std::chrono::microseconds cpu_time{0};
  std::chrono::steady_clock::duration kill_time{0};  // From the kill to the end of the tree.
};

enum class Ending { kill_at_once, ask_first };

// Reads until the process and, where `info` names it, its namespace have ended; ends them at the deadline or
// when asked to stop, or when `exhausted` (may be empty; asked some 20 times a second) says so.
[[nodiscard]] Result<ProcessEnd> watch_process(pid_t pid, ProcessOutputs outputs,
                                               std::size_t output_bytes, Deadline deadline,
                                               Ending ending,
                                               const std::function<bool()>& exhausted,
                                               const std::stop_token& stop);

}  // namespace leyden::sandbox
