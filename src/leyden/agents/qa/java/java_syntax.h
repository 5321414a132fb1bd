#pragma once

#include "leyden/agents/qa/compiled/probes.h"

namespace leyden::qa {

// Where probes go in Java (Probes.java has what they call).
[[nodiscard]] const ProbeSyntax& java_probe_syntax();
// Only what stops a loop or a recursion that has no end.
[[nodiscard]] const ProbeSyntax& java_stop_syntax();

}  // namespace leyden::qa
