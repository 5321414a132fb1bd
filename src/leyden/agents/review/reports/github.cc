#include "leyden/agents/review/reports/report.h"

namespace leyden::review {
namespace {

// GitHub's workflow commands: what would end a message or a property is escaped.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\r') {
      out += "%0D";
    } else if (c == '\n') {
      out += "%0A";
    } else if (property && c == ':') {
      out += "%3A";
    } else if (property && c == ',') {
      out += "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string render_github(const ReviewReport& report) {
  std::string out;
  for (const Finding& finding : report.findings) {
    const std::string_view command = finding.severity >= Severity::high     ? "error"
                                     : finding.severity == Severity::medium ? "warning"
                                                                            : "notice";
    // Columns count only within one line.
    const bool one_line = finding.range.first_line == finding.range.last_line;
    const std::string columns =
        one_line ? fmt::format(",col={},endColumn={}", finding.range.first_column,
                               finding.range.last_column)
                 : std::string();
    out += fmt::format(
        "::{} file={},line={},endLine={}{},title={}::{}\n", command, escaped(finding.file, true),
        finding.range.first_line, finding.range.last_line, columns, escaped(finding.rule, true),
        escaped(finding.message + (finding.advice.empty() ? "" : "\n" + finding.advice), false));
  }
  for (const SkippedInput& one : report.skipped)
    out += fmt::format("::warning file={}::{}\n", escaped(one.path, true),
                       escaped("not reviewed: " + one.reason, false));
  return out;
}

}  // namespace leyden::review
