#pragma once

#include "leyden/agents/review/analyses.h"

namespace leyden::review {

// Constant keys that stand a second time in a dictionary, object, hash or array literal: {key}, {line} of the first.
void find_duplicate_keys(const CodeModel& model, const Rule& rule, const ReportHit& report);

}  // namespace leyden::review
