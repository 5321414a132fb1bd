#include "leyden/agents/review/reports/report.h"

namespace leyden::review {
namespace {

// For a cell of a table: no mark-up, no new cell, no mention of anybody.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '*' || c == '_' || c == '`' || c == '<' || c == '[' || c == ']' ||
        c == '\\' || c == '#')
      out += '\\';
    if (c == '\n' || c == '\r') {
      out += ' ';
    } else if (c == '@') {
      out += "&#64;";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string render_markdown(const ReviewReport& report, const ReportOptions&) {
  std::string out = "### Review: " + summary_line(report) + "\n";
  if (!report.findings.empty()) {
    out += "\n| Severity | Where | What | Rule |\n| --- | --- | --- | --- |\n";
    for (const Finding& finding : report.findings) {
      out +=
          fmt::format("| {} | {}:{} | {}{}{} | {} |\n", to_string(finding.severity),
                      cell(finding.file), finding.range.first_line, cell(finding.message),
                      finding.advice.empty() ? "" : " ", cell(finding.advice), cell(finding.rule));
    }
  }
  if (!report.skipped.empty()) {
    out += "\nNot reviewed:\n\n";
    for (const SkippedInput& one : report.skipped)
      out += fmt::format("- {}: {}\n", cell(one.path), cell(one.reason));
  }
  return out;
}

}  // namespace leyden::review
