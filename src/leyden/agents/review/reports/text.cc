#include "leyden/agents/review/reports/report.h"
#include "leyden/base/utf8.h"

namespace leyden::review {
namespace {

std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return "\x1b[1;35m";
    case Severity::high:
      return "\x1b[1;31m";
    case Severity::medium:
      return "\x1b[33m";
    default:
      return "\x1b[36m";
  }
}

}  // namespace

std::string render_text(const ReviewReport& report, const ReportOptions& options) {
  std::string out;
  const auto paint = [&](std::string_view colour, std::string_view text) {
    return options.colour ? fmt::format("{}{}\x1b[0m", colour, text) : std::string(text);
  };
  for (const Finding& finding : report.findings) {
    out += fmt::format("{}:{}:{}: {} {} [{}]\n", utf8::one_line(finding.file),
                       finding.range.first_line, finding.range.first_column,
                       paint(colour_of(finding.severity), to_string(finding.severity)),
                       utf8::one_line(finding.message), finding.rule);
    if (options.excerpt) out += options.excerpt(finding);
    if (!finding.advice.empty()) out += "    -> " + utf8::one_line(finding.advice) + "\n";
    out += "\n";
  }
  for (const SkippedInput& skipped : report.skipped)
    out += fmt::format("not reviewed: {}: {}\n", utf8::one_line(skipped.path),
                       utf8::one_line(skipped.reason));
  for (const ReviewNote& note : report.notes)
    out += fmt::format("note: {}:{}: {}\n", utf8::one_line(note.path), note.line,
                       utf8::one_line(note.text));
  out += summary_line(report) + fmt::format(" (engine: {})\n", report.engine);
  return out;
}

}  // namespace leyden::review
