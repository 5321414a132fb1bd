#pragma once

#include <cstddef>
#include <string>

namespace leyden::qa {

// Something in the code that contradicts what it says about itself. Not a test.
struct SuspectedDefect {
  std::string function;
  std::size_t line = 0;
  std::string what;
};

}  // namespace leyden::qa
