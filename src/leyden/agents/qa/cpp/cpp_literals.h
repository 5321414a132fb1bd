#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/cpp/cpp_declarations.h"
#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// The constants that stand in a part of C or C++ source.
[[nodiscard]] Literals cpp_literals(syntax::Node node, std::string_view text);

// Constants that stand outside of functions, and those of functions that only others call, count for all.
void share_cpp_literals(const std::vector<CppFile>& files, std::vector<Function>& functions);

// Whether what its functions give may differ from call to call: it draws lots, looks at the clock or has a variable that stays.
[[nodiscard]] bool cpp_varies(const CppFile& file);

}  // namespace leyden::qa
