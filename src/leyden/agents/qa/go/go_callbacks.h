#pragma once

#include <string>
#include <vector>

namespace leyden::qa {

// What a function gives: the expressions that it may return where the type says them (those of an interface, an error), none for others.
struct GoGiven {
  std::string type;
  std::vector<std::string> texts;
};
// Functions as tests write them where Go's parameters want one: "func(x int) bool { return x > 1 }", by the types that they take. Empty: none is known.
[[nodiscard]] std::vector<std::string> go_callbacks(const std::vector<std::string>& takes,
                                                    const std::vector<GoGiven>& gives);

}  // namespace leyden::qa
