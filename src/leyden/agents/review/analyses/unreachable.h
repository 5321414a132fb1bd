#pragma once

#include "leyden/agents/review/analyses.h"

namespace leyden::review {

// Statements behind one that always leaves their block: {jump}. Declarations of functions, which are hoisted, and labels are let be.
void find_unreachable_code(const CodeModel& model, const Rule& rule, const ReportHit& report);

}  // namespace leyden::review
