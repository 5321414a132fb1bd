#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/agents/review/analyses.h"

namespace leyden::review::c {

// What the interpreter found in a file: under which analysis, where, and the names for the message.
struct Defect {
  std::string_view analysis;
  AnalysisHit hit;
};

// Runs the functions of a file, one by one, on values that stand for all their values. Time is linear in the file for what people write; a
// function that would cost more than its length allows is left out.
[[nodiscard]] std::vector<Defect> interpret(const CodeModel& model);

}  // namespace leyden::review::c

namespace leyden::review {

// For rules with `analysis = "c...."`: the file is interpreted once for all of them.
void find_c_defects(const CodeModel& model, const Rule& rule, const ReportHit& report);

}  // namespace leyden::review
