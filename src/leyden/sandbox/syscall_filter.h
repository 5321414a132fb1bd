#pragma once

#include <string>

#include "leyden/base/result.h"

namespace leyden::sandbox {

struct SyscallFilterOptions {
  // Memory that belongs to no process (memfd, System V segments): off where no control group counts it.
  bool allow_unowned_memory = true;
};

// A seccomp program as bwrap's --seccomp reads it. A list of what is refused: what nobody has read is any
// language's runtime, and a list of what it may call would be one of surprises. Refused are what reaches past
// the namespaces (mounts, namespaces, keys, kernel modules, clocks, virtual sockets of the machine), what
// looks into other processes, and what has a record of holes (io_uring, bpf, perf, userfaultfd). Other
// architectures' calls end the program.
[[nodiscard]] Result<std::string> compile_syscall_filter(const SyscallFilterOptions& options);

}  // namespace leyden::sandbox
