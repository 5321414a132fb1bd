#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace leyden::qa {

// Lines of a file that a compiler's message names: errors and what led to them.
[[nodiscard]] std::set<std::size_t> lines_named(std::string_view message, std::string_view file);
// One line of it.
[[nodiscard]] std::string first_error(std::string_view message);

}  // namespace leyden::qa
