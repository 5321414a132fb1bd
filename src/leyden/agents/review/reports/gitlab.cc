#include <nlohmann/json.hpp>

#include "leyden/agents/review/reports/report.h"

namespace leyden::review {
namespace {

std::string_view severity_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return "blocker";
    case Severity::high:
      return "critical";
    case Severity::medium:
      return "major";
    default:
      return "minor";
  }
}

}  // namespace

std::string render_gitlab(const ReviewReport& report) {
  nlohmann::json out = nlohmann::json::array();
  for (const Finding& finding : report.findings) {
    out.push_back(
        {{"description", finding.message},
         {"check_name", finding.rule},
         // GitLab wants one for each place; ours may be the same in two files.
         {"fingerprint", finding.fingerprint + "-" + finding.file},
         {"severity", severity_of(finding.severity)},
         {"location",
          {{"path", finding.file},
           {"lines", {{"begin", finding.range.first_line}, {"end", finding.range.last_line}}}}}});
  }
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace leyden::review
