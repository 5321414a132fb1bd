#pragma once

#include <string>
#include <vector>

namespace leyden::qa {

// Functions as tests write them where Go's parameters want one: "func(x int) bool { return x > 1 }", by the types that they take. `gives` has the
// expressions that may be returned for each result where the type says them (those of an interface, an error), none for others. Empty: none is known.
struct GoGiven {
  std::string type;
  std::vector<std::string> texts;
};
[[nodiscard]] std::vector<std::string> go_callbacks(const std::vector<std::string>& takes,
                                                    const std::vector<GoGiven>& gives);

}  // namespace leyden::qa
