#pragma once

#include <chrono>
#include <cstddef>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"

namespace leyden::sandbox {

// What one run may use. Every field is a bound for the whole tree of its processes where nothing
// else is said. There is no value for "without bound".
struct SandboxLimits {
  std::chrono::milliseconds wall_time{10'000};
  std::chrono::milliseconds cpu_time{10'000};  // Looked at some 50 times a second.
  // Exact with a control group (that counts files in tmpfs too). Without one: per process by
  // RLIMIT_DATA, and for the tree by looking at it 100 times a second.
  std::size_t memory_bytes = 512 * MiB;
  std::size_t process_count = 64;          // Threads count.
  std::size_t file_size_bytes = 64 * MiB;  // Of one file.
  std::size_t open_files = 256;            // Of one process.
  std::size_t tmpfs_bytes = 64 * MiB;      // Of each of /tmp, the home folder and /dev/shm.
  std::size_t written_bytes = 256 * MiB;   // In the writable mounts, with what was there before.
  std::size_t file_count = 20'000;         // In each tmpfs, and in the writable mounts together.
  std::size_t output_bytes = MiB;          // Kept of standard output and of standard error each.

  // Names the first field out of range.
  [[nodiscard]] Result<void> check() const;
};

}  // namespace leyden::sandbox
