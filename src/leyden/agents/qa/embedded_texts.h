#pragma once

#include <string>
#include <vector>

namespace leyden::qa {

// A text that is a part of the program.
struct EmbeddedText {
  std::string name;
  std::string text;
};

// Programs that run inside the sandbox, beside the code that is tested.
[[nodiscard]] const std::vector<EmbeddedText>& embedded_drivers();
// The text of one of them; empty: there is none.
[[nodiscard]] const std::string& embedded_driver(const std::string& name);
// What a good test of each type is: "unit.md" ...
[[nodiscard]] const std::vector<EmbeddedText>& embedded_guidelines();

}  // namespace leyden::qa
