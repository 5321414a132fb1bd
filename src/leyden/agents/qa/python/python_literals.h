#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/function.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// What a string literal says; nullopt: an f-string, or an escape that is rare.
[[nodiscard]] std::optional<std::string> python_string(std::string_view text);
// Up to 2^53.
[[nodiscard]] std::optional<std::int64_t> python_integer(std::string text);

// What a literal says, nested ones too; nullopt: it is none.
[[nodiscard]] std::optional<Value> python_value(syntax::Node node, std::string_view text);

// The arguments of the calls of a function that its docstring shows behind ">>>".
[[nodiscard]] std::vector<std::vector<Value>> python_examples(const Function& function);

}  // namespace leyden::qa
