#include "leyden/agents/review/reports/report.h"

#include <algorithm>
#include <array>
#include <set>

namespace leyden::review {
namespace {

constexpr std::array<std::string_view, 8> kFormats = {"text",  "json",   "ndjson", "sarif",
                                                      "junit", "gitlab", "github", "markdown"};

}  // namespace

std::optional<ReportFormat> report_format_named(std::string_view name) {
  const auto found = std::ranges::find(kFormats, name);
  if (found == kFormats.end()) return std::nullopt;
  return static_cast<ReportFormat>(found - kFormats.begin());
}

std::string render(ReportFormat format, const ReviewReport& report, const RuleSet& rules,
                   const ReportOptions& options) {
  switch (format) {
    case ReportFormat::text:
      return render_text(report, options);
    case ReportFormat::json:
      return render_json(report, options);
    case ReportFormat::ndjson:
      return render_ndjson(report, options);
    case ReportFormat::sarif:
      return render_sarif(report, rules, options);
    case ReportFormat::junit:
      return render_junit(report);
    case ReportFormat::gitlab:
      return render_gitlab(report);
    case ReportFormat::github:
      return render_github(report);
    case ReportFormat::markdown:
      return render_markdown(report, options);
  }
  return {};
}

std::string summary_line(const ReviewReport& report) {
  std::set<std::string> files;
  for (const Finding& finding : report.findings) files.insert(finding.file);
  std::string parts;
  for (const Severity severity :
       {Severity::critical, Severity::high, Severity::medium, Severity::low}) {
    if (const auto count = report.count(severity); count > 0)
      parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", count, to_string(severity));
  }
  std::string out = report.findings.empty()
                        ? fmt::format("no findings in {} files", report.files_reviewed)
                        : fmt::format("{} finding{} ({}) in {} of {} files", report.findings.size(),
                                      report.findings.size() == 1 ? "" : "s", parts, files.size(),
                                      report.files_reviewed);
  if (!report.skipped.empty()) out += fmt::format("; {} NOT reviewed", report.skipped.size());
  if (!report.suppressed.empty()) out += fmt::format("; {} suppressed", report.suppressed.size());
  if (report.outside > 0) out += fmt::format("; {} outside of the change", report.outside);
  return out;
}

}  // namespace leyden::review
