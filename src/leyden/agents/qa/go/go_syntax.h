#pragma once

#include "leyden/agents/qa/compiled/probes.h"

namespace leyden::qa {

// Where probes go in Go (leyden_probes.go has what they call).
[[nodiscard]] const ProbeSyntax& go_probe_syntax();

}  // namespace leyden::qa
