#pragma once

#include <string>

namespace leyden::qa {

// A text that an input holds, and another one that it was compared with or that would have come through.
struct Comparison {
  std::string seen;
  std::string wanted;
};

}  // namespace leyden::qa
