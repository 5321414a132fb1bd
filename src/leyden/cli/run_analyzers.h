#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/review/analyzers/analyzer.h"

namespace leyden::cli {

// Runs analyzers of others on what was reviewed, in the working folder, and joins what they find with the report; names them in its `engine`.
// `wanted`: "auto" (those that are installed, run no code of the project, and take no minutes), "none", or names with commas between; each that is named and can't
// be run is a warning, no error: losing one costs its findings, not the review. Errors: invalid_argument (no such analyzer), cancelled.
[[nodiscard]] Result<void> run_analyzers(const std::string& wanted,
                                         const std::vector<review::ReviewInput>& inputs,
                                         const std::string& today, review::ReviewReport& report,
                                         const std::stop_token& stop);

}  // namespace leyden::cli
