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
  struct Lines {
    std::size_t first = 0;  // 0: there are none.
    std::size_t last = 0;
  };
  std::vector<Lines> functions;  // What belongs to each,
  std::vector<Lines> types;      // and to each type.
  struct Observer {
    std::size_t line = 0;
    std::size_t type = 0;
    std::string text;
  };
  std::vector<Observer> observers;  // Each has a line of its own.
  // Whose part of the text this line is.
  [[nodiscard]] std::optional<std::size_t> function_at(std::size_t line) const;
  [[nodiscard]] std::optional<std::size_t> type_at(std::size_t line) const;
};
// `includes` are what a test includes.
[[nodiscard]] CppProbe cpp_probe(const CppSource& source, const std::vector<std::string>& includes);

}  // namespace leyden::qa
