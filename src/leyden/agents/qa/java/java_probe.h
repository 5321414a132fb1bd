#pragma once

#include <string>
#include <vector>

#include "leyden/agents/qa/java/java_source.h"

namespace leyden::qa {

inline constexpr const char* kJavaTable = "LeydenTable";

// The class by which the driver calls the tested functions (Table.java has what it implements).
struct JavaProbe {
  std::string text;
  std::vector<std::vector<std::size_t>> lines;  // Of each function; none: it is not in it.
};
[[nodiscard]] JavaProbe java_probe(const JavaSource& source);

}  // namespace leyden::qa
