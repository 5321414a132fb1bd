#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"

namespace leyden::sandbox {

// Folders in which this process can make control groups that bound memory and processes. Nothing (const only).
struct ControlGroupParents {
  std::optional<std::string> processes;
  std::optional<std::string> memory;
  bool unified = false;  // Version 2: both are one folder.
  std::string why_not;   // What is missing, for a person, where one of them is.
};

// Looks below the group that this process is in, and, in version 2, beside it: a group that holds processes can't
// hand controllers down. Tries to make a group, and removes it again. `mounts` and `own` are /proc/self/mountinfo and
// /proc/self/cgroup.
[[nodiscard]] ControlGroupParents find_control_group_parents(std::string_view mounts,
                                                             std::string_view own);

struct ControlGroupLimits {
  std::size_t memory_bytes = 0;
  std::size_t process_count = 0;
};

struct ControlGroupCounts {
  std::uint64_t memory_kills = 0;   // Processes that were ended for want of memory.
  std::uint64_t refused_forks = 0;  // At the bound of processes.
  std::optional<std::uint64_t> memory_peak_bytes;
};

// The groups of one run, removed with the object. Confined to one thread.
class ControlGroup {
 public:
  // Errors: unavailable.
  [[nodiscard]] static Result<std::unique_ptr<ControlGroup>> make(
      const ControlGroupParents& parents, const std::string& name,
      const ControlGroupLimits& limits);
  ~ControlGroup();
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  // Files into which a process writes "0" to join.
  [[nodiscard]] std::vector<std::string> join_files() const;
  [[nodiscard]] ControlGroupCounts counts() const;

 private:
  ControlGroup() = default;
  std::string processes_;  // Folders; empty where there is none.
  std::string memory_;
  bool unified_ = false;
};

}  // namespace leyden::sandbox
