#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// What a string literal says; nullopt: an f-string, or an escape that is rare.
[[nodiscard]] std::optional<std::string> python_string(std::string_view text);

// The arguments of the calls of a function that its docstring shows behind ">>>".
[[nodiscard]] std::vector<std::vector<Value>> python_examples(const Function& function);

}  // namespace leyden::qa
