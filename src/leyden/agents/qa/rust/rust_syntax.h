#pragma once

#include "leyden/agents/qa/compiled/probes.h"

namespace leyden::qa {

[[nodiscard]] const ProbeSyntax& rust_probe_syntax();

}  // namespace leyden::qa
