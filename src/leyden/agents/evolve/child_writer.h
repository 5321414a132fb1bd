#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/evolve/archive/trajectory.h"
#include "leyden/agents/evolve/archive/written_child.h"
#include "leyden/base/result.h"

namespace leyden::evolve {

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
