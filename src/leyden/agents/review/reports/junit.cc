#include <map>

#include "leyden/agents/review/reports/report.h"

namespace leyden::review {
namespace {

// XML 1.0 has no place for most control characters, not even escaped.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
      case '\t':
        out += ' ';
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

}  // namespace

std::string render_junit(const ReviewReport& report) {
  std::map<std::string, std::vector<const Finding*>> by_file;
  for (const Finding& finding : report.findings) by_file[finding.file].push_back(&finding);
  const std::size_t clean = report.files_reviewed - by_file.size();
  std::string cases;
  for (const auto& [file, findings] : by_file) {
    for (const Finding* finding : findings) {
      cases += fmt::format(
          "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\">\n      <failure "
          "type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
          xml(finding->rule),
          xml(fmt::format("{}:{} {}", file, finding->range.first_line, finding->rule)), xml(file),
          finding->range.first_line, to_string(finding->severity), xml(finding->message),
          xml(finding->advice));
    }
  }
  for (const SkippedInput& one : report.skipped) {
    cases += fmt::format(
        "    <testcase classname=\"not-reviewed\" name=\"{0}\" file=\"{0}\">\n      <error "
        "type=\"not-reviewed\" message=\"{1}\"/>\n    </testcase>\n",
        xml(one.path), xml(one.reason));
  }
  if (cases.empty())
    cases = fmt::format("    <testcase classname=\"review\" name=\"{} files without findings\"/>\n",
                        clean);
  const std::size_t tests =
      std::max<std::size_t>(report.findings.size() + report.skipped.size(), 1);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"leyden review\" "
      "tests=\"{0}\" "
      "failures=\"{1}\" errors=\"{2}\" time=\"{3:.3f}\">\n  <testsuite name=\"leyden review\" "
      "tests=\"{0}\" failures=\"{1}\" errors=\"{2}\" skipped=\"0\" time=\"{3:.3f}\">\n{4}  "
      "</testsuite>\n</testsuites>\n",
      tests, report.findings.size(), report.skipped.size(), report.seconds, cases);
}

}  // namespace leyden::review
