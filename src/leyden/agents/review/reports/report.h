#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "leyden/agents/review/review.h"

namespace leyden::review {

// text: for people; json: one object; ndjson: one object a line, a finding each and a summary last; sarif: OASIS SARIF 2.1.0, as GitHub code scanning
// takes it; junit: a test case for each file; gitlab: its code quality report; github: annotations of GitHub's workflow commands; markdown:
// for a comment.
enum class ReportFormat : std::uint8_t {
  text,
  json,
  ndjson,
  sarif,
  junit,
  gitlab,
  github,
  markdown
};
[[nodiscard]] std::optional<ReportFormat> report_format_named(std::string_view name);

struct ReportOptions {
  std::string version;  // Of this program.
  std::string
      root_uri;  // file:///.../ of the folder that paths are relative to; empty: none is told.
  bool colour = false;  // In text.
  // The lines around a finding, for text; empty where the file can't be read any more.
  std::function<std::string(const Finding& finding)> excerpt;
};

// `rules` are those that the review ran with.
[[nodiscard]] std::string render(ReportFormat format, const ReviewReport& report,
                                 const RuleSet& rules, const ReportOptions& options);

// One for each format. Inside this folder.
[[nodiscard]] std::string render_text(const ReviewReport& report, const ReportOptions& options);
[[nodiscard]] std::string render_json(const ReviewReport& report, const ReportOptions& options);
[[nodiscard]] std::string render_ndjson(const ReviewReport& report, const ReportOptions& options);
[[nodiscard]] std::string render_sarif(const ReviewReport& report, const RuleSet& rules,
                                       const ReportOptions& options);
[[nodiscard]] std::string render_junit(const ReviewReport& report);
[[nodiscard]] std::string render_gitlab(const ReviewReport& report);
[[nodiscard]] std::string render_github(const ReviewReport& report);
[[nodiscard]] std::string render_markdown(const ReviewReport& report, const ReportOptions& options);

// "3 findings (1 high, 2 low) in 2 of 14 files"; what was not reviewed is in it.
[[nodiscard]] std::string summary_line(const ReviewReport& report);

}  // namespace leyden::review
