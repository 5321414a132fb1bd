#pragma once

#include <cstddef>
#include <string>

namespace leyden::qa {

// A call in a doc's example with what it is said to give: `add(1, 2) # => 3`.
struct DocExample {
  std::string function;
  std::size_t line = 0;
  std::string call;
  std::string expected;
};

}  // namespace leyden::qa
