#pragma once

#include "leyden/agents/review/analyses.h"

namespace leyden::review {

// Python's imports and local variables that the file, or the function, never names again. A name within a string counts as used: __all__, types in
// quotes, templates.
void find_unused_imports(const CodeModel& model, const Rule& rule, const ReportHit& report);
void find_unused_variables(const CodeModel& model, const Rule& rule, const ReportHit& report);
// The same for what values are taken apart into and loops go through, where often only some are wanted.
void find_unused_parts(const CodeModel& model, const Rule& rule, const ReportHit& report);

}  // namespace leyden::review
