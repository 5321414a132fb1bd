#pragma once

#include <vector>

#include "leyden/agents/qa/cpp/cpp_declarations.h"
#include "leyden/agents/qa/cpp/cpp_source.h"
#include "leyden/agents/qa/cpp/cpp_types.h"

namespace leyden::qa {

// Objects that no constructor makes for a test may be made by a method of another object: `document.NewElement("a")`. Notes that in `all`.
void find_owners(const CppDeclarations& declared, const CppTypes& types,
                 std::vector<CppOwnType>& all);

}  // namespace leyden::qa
