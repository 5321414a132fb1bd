#pragma once

#include "leyden/agents/review/analyses.h"

namespace leyden::review {

// New errors that Python's handlers raise without `from`: who reads the trace sees an error while handling, not because of another.
void find_lost_causes(const CodeModel& model, const Rule& rule, const ReportHit& report);

}  // namespace leyden::review
