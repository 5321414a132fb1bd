#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// Texts of the forms that a function may be meant for: what its regular expressions match, its formats of dates ("%Y-%m-%d", "YYYY-MM-DD") give, what its
// separators part, and what its parameters' names say ("email", "version"). The likeliest first; no more than a few dozen.
[[nodiscard]] std::vector<std::string> texts_of_forms(const Function& function);

}  // namespace leyden::qa
