#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/evolve/archive/trajectory.h"
#include "leyden/base/result.h"

namespace leyden::evolve {

struct WrittenChild {
  std::optional<std::string> code;  // Empty: the answer held no program.
  std::string reasoning;
  std::uint64_t tokens = 0;
  std::uint64_t calls = 0;
};

// Writes children: a model, or a test's script. Confined to one thread.
class ChildWriter {
 public:
  virtual ~ChildWriter() = default;
  // `lessons`: what the run has found out so far, the oldest first. Errors: cancelled, those of a server: the offline form is used then.
  [[nodiscard]] virtual Result<WrittenChild> write(Operator which, const Trajectory& parent,
                                                   const Trajectory* other,
                                                   const std::vector<std::string>& lessons,
                                                   std::stop_token stop) = 0;
};

}  // namespace leyden::evolve
