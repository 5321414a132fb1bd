#pragma once

#include "leyden/agents/review/analyses.h"

namespace leyden::review {

// Functions beyond the rule's limit, each told at its first line's beginning up to its body: {name}, {value}, {limit}.

// McCabe 1976: 1 + the places where the way forks.
void find_complex_functions(const CodeModel& model, const Rule& rule, const ReportHit& report);
// Lines with code, from the first to the last of the function.
void find_long_functions(const CodeModel& model, const Rule& rule, const ReportHit& report);
// How deep branches and loops stand in one another.
void find_deep_nesting(const CodeModel& model, const Rule& rule, const ReportHit& report);
void find_many_parameters(const CodeModel& model, const Rule& rule, const ReportHit& report);

}  // namespace leyden::review
