#pragma once

#include <string>
#include <string_view>

#include "leyden/agents/qa/test_report.h"
#include "leyden/base/result.h"

namespace leyden::qa {

// A finished report as one line, so that a run that was interrupted need not do it again; without the cache's statistics, which are of one
// process. reports/report.h has the forms for people and other programs.
[[nodiscard]] std::string stored_report(const TestReport& report);
// Errors: corrupt.
[[nodiscard]] Result<TestReport> read_stored_report(std::string_view line);

}  // namespace leyden::qa
