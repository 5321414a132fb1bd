#pragma once

#include <string>
#include <vector>

namespace leyden::qa {

// Closures by the types of what they take and give, as a test spells these. Empty: none is known.
[[nodiscard]] std::vector<std::string> rust_callbacks(const std::vector<std::string>& takes,
                                                      const std::string& gives);

}  // namespace leyden::qa
