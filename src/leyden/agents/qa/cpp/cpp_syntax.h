#pragma once

#include "leyden/agents/qa/compiled/probes.h"

namespace leyden::qa {

// Where probes go in C and C++ (leyden_probes.h has what they call).
[[nodiscard]] const ProbeSyntax& cpp_probe_syntax();

}  // namespace leyden::qa
