#pragma once

#include <optional>
#include <vector>

#include "leyden/agents/qa/cpp/cpp_declarations.h"
#include "leyden/agents/qa/cpp/cpp_source.h"
#include "leyden/agents/qa/cpp/cpp_types.h"

namespace leyden::qa {

// Puts into `own` what shows how an object of the class is: const methods without arguments or with a key, conversions, what it can be gone through by, inherited ones, too; and what it gives
// away when nothing else is asked any more.
void add_observers(const CppDeclarations& declared, const CppTypes& types, const CppClass& one,
                   CppOwnType& own);

// What an object of the class writes itself to: a stream, or an object of `all` that says as text what was written to it.
[[nodiscard]] std::optional<CppWriter> writer_of(const CppDeclarations& declared,
                                                 const CppTypes& types,
                                                 const std::vector<CppOwnType>& all,
                                                 const CppClass& one);

}  // namespace leyden::qa
