#pragma once

#include <string>
#include <vector>

#include "leyden/agents/qa/test_report.h"

namespace leyden::qa {

// For a terminal: what was kept and why, what was not, and how far the tests reach.
[[nodiscard]] std::string text_report(const std::vector<TestReport>& reports,
                                      const std::vector<SkippedFile>& skipped);
// One object: the fields of requirement A1 and the rest of the report.
[[nodiscard]] std::string json_report(const std::vector<TestReport>& reports,
                                      const std::vector<SkippedFile>& skipped);
// JUnit's XML: a case for each kept test, skipped ones with the reason for what was not kept.
[[nodiscard]] std::string junit_report(const std::vector<TestReport>& reports,
                                       const std::vector<SkippedFile>& skipped);

// A patch for `git apply` that adds the file.
[[nodiscard]] std::string new_file_patch(const std::string& path, const std::string& text);

}  // namespace leyden::qa
