#pragma once

#include <string>
#include <vector>

namespace leyden::qa {

// A program that runs inside the sandbox, beside the code that is tested.
struct Driver {
  std::string name;
  std::string text;
};
[[nodiscard]] const std::vector<Driver>& embedded_drivers();

}  // namespace leyden::qa
