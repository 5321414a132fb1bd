#pragma once

#include "leyden/agents/review/analyses.h"

namespace leyden::review {

// Names of Python's own that the file uses for something else: {name}. Members of classes hide nothing.
void find_hidden_builtins(const CodeModel& model, const Rule& rule, const ReportHit& report);
// The same for parameters, which others may know by these names.
void find_hiding_parameters(const CodeModel& model, const Rule& rule, const ReportHit& report);

}  // namespace leyden::review
