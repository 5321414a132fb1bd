#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "leyden/agents/qa/cpp/cpp_source.h"

namespace leyden::qa {

// The program that calls the tested functions (leyden_probe.hpp runs it), made for one source.
struct CppProbe {
  std::string text;
  std::vector<std::size_t> first_line;  // Of what belongs to each function; 0: nothing does.
  std::vector<std::size_t> last_line;
  // Whose part of the text this line is.
  [[nodiscard]] std::optional<std::size_t> function_at(std::size_t line) const;
};
// `includes` are what a test includes.
[[nodiscard]] CppProbe cpp_probe(const CppSource& source, const std::vector<std::string>& includes);

}  // namespace leyden::qa
