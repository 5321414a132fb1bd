#pragma once

#include <optional>
#include <string>

#include "leyden/agents/evolve/archive/spent.h"

namespace leyden::evolve {

// What a model answered.
struct WrittenChild {
  std::optional<std::string> code;  // Empty: the answer held no program.
  std::string reasoning;
  Spent spent;
};

}  // namespace leyden::evolve
