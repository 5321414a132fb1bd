#pragma once

#include <string>

#include "leyden/agents/qa/compiled/probes.h"

namespace leyden::qa {

// Where probes go in C and C++ (leyden_probes.h has what they call).
[[nodiscard]] const ProbeSyntax& cpp_probe_syntax();

// The text as the grammar can read it, every byte where it was: in `class LIBRARY_API Name {`, `LIBRARY_API int f();` and `PUBLIC(int) f();`
// the macro, of which it makes something else, is spaces.
[[nodiscard]] std::string without_export_macros(std::string text);

}  // namespace leyden::qa
