#pragma once

#include <string>
#include <vector>

namespace leyden::evolve {

// A text that is a part of the program.
struct EmbeddedPattern {
  std::string name;  // "revision.md"
  std::string text;
};

// How each operator is used well, for a model: always the same, so that a server reads it once.
[[nodiscard]] const std::vector<EmbeddedPattern>& embedded_patterns();

}  // namespace leyden::evolve
