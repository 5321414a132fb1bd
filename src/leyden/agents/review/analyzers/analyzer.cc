#include "leyden/agents/review/analyzers/analyzer.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "leyden/agents/review/fingerprint.h"
#include "leyden/agents/review/source_file.h"
#include "leyden/agents/review/suppressions.h"

namespace leyden::review {
namespace {

using nlohmann::json;
using syntax::Language;
namespace fs = std::filesystem;

std::string told(std::string path, const fs::path& folder) {
  if (path.starts_with("file://")) path.erase(0, 7);
  const fs::path relative = fs::path(path).is_absolute() ? fs::path(path).lexically_relative(folder)
                                                         : fs::path(path).lexically_normal();
  return relative.empty() || *relative.begin() == ".." ? path : relative.generic_string();
}

// "%20" in a URI.
std::string decoded(std::string_view uri) {
  std::string out;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    unsigned value = 0;
    if (uri[i] == '%' && i + 2 < uri.size() &&
        std::from_chars(uri.data() + i + 1, uri.data() + i + 3, value, 16).ptr ==
            uri.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += uri[i];
    }
  }
  return out;
}

int number_in(std::string_view text, std::string_view behind) {
  const std::size_t at = text.find(behind);
  int out = 0;
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + behind.size(), text.data() + text.size(), out);
  return out;
}

Finding finding_of(const Analyzer& analyzer, std::string_view rule, std::string file,
                   std::size_t line) {
  Finding out;
  out.rule = fmt::format("{}.{}", analyzer.name, rule);
  out.file = std::move(file);
  out.range.first_line = line;
  out.range.last_line = line;
  out.range.first_column = 0;  // Not known.
  out.confidence = Confidence::medium;
  out.engine = analyzer.name;
  return out;
}

// What kind of thing a tool's rule is about, by how the tools name theirs.
ReviewType type_of(const Analyzer& analyzer, std::string_view rule) {
  const std::string_view id = rule.substr(rule.find('.') + 1);
  if (analyzer.name == "bandit" || analyzer.name == "gosec" || analyzer.name == "semgrep")
    return ReviewType::security;
  if (analyzer.name == "ruff")
    return id.starts_with('S') && id.size() > 1 && id[1] >= '0' && id[1] <= '9'
               ? ReviewType::security
           : id.starts_with("PERF") ? ReviewType::performance
                                    : ReviewType::style;
  if (id.find("performance") != std::string_view::npos || id.starts_with("perf"))
    return ReviewType::performance;
  if (analyzer.name == "cppcheck") return ReviewType::security;
  if (id.starts_with("bugprone") || id.starts_with("cert") || id.starts_with("clang-analyzer") ||
      id.starts_with("SA"))
    return ReviewType::security;
  return ReviewType::style;
}

Result<std::vector<Finding>> read_sarif(const Analyzer& analyzer, const json& report,
                                        const fs::path& folder) {
  std::vector<Finding> out;
  for (const json& run : report.at("runs")) {
    std::map<std::string, json> rules;
    for (const json& rule : run.at("tool").at("driver").value("rules", json::array()))
      rules[rule.value("id", "")] = rule;
    for (const json& result : run.value("results", json::array())) {
      if (!result.value("suppressions", json::array()).empty()) continue;
      const json& locations = result.value("locations", json::array());
      if (locations.empty() || !locations[0].contains("physicalLocation")) continue;
      const json& place = locations[0]["physicalLocation"];
      const json& region = place.value("region", json::object());
      if (!region.contains("startLine") || !place.contains("artifactLocation")) continue;
      const std::string id = result.value("ruleId", "finding");
      Finding finding = finding_of(
          analyzer, id.substr(id.rfind('.') == std::string::npos ? 0 : id.rfind('.') + 1),
          told(decoded(place["artifactLocation"].value("uri", "")), folder),
          region["startLine"].get<std::size_t>());
      finding.range.last_line = region.value("endLine", finding.range.first_line);
      finding.message = result.at("message").value("text", id);
      const auto rule = rules.find(id);
      std::string level = result.value("level", "");
      double score = 0;
      if (rule != rules.end()) {
        if (level.empty())
          level =
              rule->second.value("defaultConfiguration", json::object()).value("level", "warning");
        const json& properties = rule->second.value("properties", json::object());
        if (properties.contains("security-severity"))
          score = std::atof(properties.value("security-severity", "0").c_str());
        finding.cwe = number_in(properties.dump(), "CWE-");
        if (finding.cwe == 0) finding.cwe = number_in(properties.dump(), "cwe-");
        if (rule->second.contains("help")) finding.advice = rule->second["help"].value("text", "");
      }
      finding.type = type_of(analyzer, finding.rule);
      finding.severity = score >= 7           ? Severity::high
                         : score >= 4         ? Severity::medium
                         : score > 0          ? Severity::low
                         : level == "error"   ? Severity::medium
                         : level == "warning" ? Severity::medium
                                              : Severity::low;
      if (finding.type == ReviewType::style) finding.severity = Severity::low;
      out.push_back(std::move(finding));
    }
  }
  return out;
}

Result<std::vector<Finding>> read_bandit(const Analyzer& analyzer, const json& report,
                                         const fs::path& folder) {
  std::vector<Finding> out;
  const auto level = [](const std::string& name) {
    return name == "HIGH" ? Severity::high : name == "MEDIUM" ? Severity::medium : Severity::low;
  };
  for (const json& one : report.at("results")) {
    Finding finding =
        finding_of(analyzer, one.at("test_id").get<std::string>(), told(one.at("filename"), folder),
                   one.at("line_number").get<std::size_t>());
    finding.type = ReviewType::security;
    finding.severity = level(one.at("issue_severity"));
    finding.confidence = static_cast<Confidence>(level(one.at("issue_confidence")));
    finding.message = one.at("issue_text");
    finding.cwe = one.value("issue_cwe", json::object()).value("id", 0);
    out.push_back(std::move(finding));
  }
  return out;
}

Result<std::vector<Finding>> read_eslint(const Analyzer& analyzer, const json& report,
                                         const fs::path& folder) {
  std::vector<Finding> out;
  for (const json& file : report) {
    for (const json& one : file.at("messages")) {
      if (!one.contains("line") || one.value("ruleId", json()).is_null()) continue;
      Finding finding =
          finding_of(analyzer, one.at("ruleId").get<std::string>(),
                     told(file.at("filePath"), folder), one.at("line").get<std::size_t>());
      finding.type = ReviewType::style;
      finding.severity = one.value("severity", 1) >= 2 ? Severity::medium : Severity::low;
      finding.message = one.at("message");
      out.push_back(std::move(finding));
    }
  }
  return out;
}

Result<std::vector<Finding>> read_clippy(const Analyzer& analyzer, std::string_view report,
                                         const fs::path& folder) {
  std::vector<Finding> out;
  while (!report.empty()) {
    const std::size_t end = std::min(report.find('\n'), report.size());
    const json one = json::parse(report.substr(0, end), nullptr, false);
    report.remove_prefix(std::min(end + 1, report.size()));
    if (!one.is_object() || one.value("reason", "") != "compiler-message") continue;
    const json& message = one.at("message");
    if (message.value("code", json()).is_null()) continue;
    for (const json& span : message.at("spans")) {
      if (!span.value("is_primary", false)) continue;
      std::string rule = message["code"].value("code", "");
      if (rule.starts_with("clippy::")) rule.erase(0, 8);
      Finding finding = finding_of(analyzer, rule, told(span.at("file_name"), folder),
                                   span.at("line_start").get<std::size_t>());
      finding.type =
          rule.find("perf") != std::string::npos ? ReviewType::performance : ReviewType::style;
      finding.severity = message.value("level", "") == "error" ? Severity::medium : Severity::low;
      finding.message = message.at("message");
      out.push_back(std::move(finding));
      break;
    }
  }
  return out;
}

// cppcheck: file, line, severity, id, CWE, message.
Result<std::vector<Finding>> read_tabs(const Analyzer& analyzer, std::string_view report,
                                       const fs::path& folder) {
  std::vector<Finding> out;
  while (!report.empty()) {
    const std::size_t end = std::min(report.find('\n'), report.size());
    std::string_view line = report.substr(0, end);
    report.remove_prefix(std::min(end + 1, report.size()));
    std::vector<std::string> part;
    while (part.size() < 5) {
      const std::size_t tab = line.find('\t');
      if (tab == std::string_view::npos) break;
      part.emplace_back(line.substr(0, tab));
      line.remove_prefix(tab + 1);
    }
    if (part.size() < 5) continue;
    // What it could not read is no fault of the code.
    if (part[3] == "syntaxError" || part[3] == "unknownMacro" || part[3].ends_with("Error") ||
        part[3].starts_with("preprocessor"))
      continue;
    Finding finding = finding_of(analyzer, part[3], told(part[0], folder),
                                 static_cast<std::size_t>(std::max(0, std::atoi(part[1].c_str()))));
    finding.cwe = std::atoi(part[4].c_str());
    finding.message = line;
    finding.type = part[2] == "performance" ? ReviewType::performance
                   : part[2] == "style"     ? ReviewType::style
                                            : ReviewType::security;
    finding.severity = part[2] == "error"     ? Severity::high
                       : part[2] == "warning" ? Severity::medium
                                              : Severity::low;
    out.push_back(std::move(finding));
  }
  return out;
}

// clang-tidy: /path/file.cc:12:3: warning: text [check]
Result<std::vector<Finding>> read_gcc_lines(const Analyzer& analyzer, std::string_view report,
                                            const fs::path& folder) {
  std::vector<Finding> out;
  while (!report.empty()) {
    const std::size_t end = std::min(report.find('\n'), report.size());
    const std::string_view line = report.substr(0, end);
    report.remove_prefix(std::min(end + 1, report.size()));
    for (const std::string_view kind : {": warning: ", ": error: "}) {
      const std::size_t at = line.find(kind);
      const std::size_t open = line.rfind('[');
      if (at == std::string_view::npos || open == std::string_view::npos || open < at ||
          !line.ends_with(']'))
        continue;
      std::string_view place = line.substr(0, at);
      const std::size_t column = place.rfind(':');
      if (column == std::string_view::npos) continue;
      place = place.substr(0, column);
      const std::size_t number = place.rfind(':');
      if (number == std::string_view::npos) continue;
      const std::string_view check = line.substr(open + 1, line.size() - open - 2);
      Finding finding =
          finding_of(analyzer, check.substr(0, check.find(',')),
                     told(std::string(place.substr(0, number)), folder),
                     static_cast<std::size_t>(
                         std::max(0, std::atoi(std::string(place.substr(number + 1)).c_str()))));
      finding.message = line.substr(at + kind.size(), open - at - kind.size());
      while (finding.message.ends_with(' ')) finding.message.pop_back();
      finding.type = type_of(analyzer, finding.rule);
      finding.severity = finding.type == ReviewType::security ? Severity::medium : Severity::low;
      out.push_back(std::move(finding));
      break;
    }
  }
  return out;
}

}  // namespace

std::span<const Analyzer> known_analyzers() {
  using enum Analyzer::Output;
  static const std::vector<Analyzer> all = {
      {.name = "bandit",
       .program = "bandit",
       .arguments = {"-q", "-f", "json", "-o", "{out}", "{files}"},
       .output = bandit_json,
       .languages = {Language::python},
       .automatic = true,
       .needs = {}},
      {.name = "clang-tidy",
       .program = "clang-tidy",
       .arguments = {"--quiet", "{files}"},
       .output = gcc_lines,
       .languages = {Language::c, Language::cpp},
       .automatic = false,
       .needs = "compile_commands.json"},
      {.name = "clippy",
       .program = "cargo",
       .arguments = {"clippy", "--quiet", "--message-format=json"},
       .output = clippy_json,
       .languages = {Language::rust},
       .automatic = false,
       .needs = "Cargo.toml"},
      {.name = "cppcheck",
       .program = "cppcheck",
       .arguments = {"--quiet", "--enable=warning,performance,portability",
                     "--template={file}\\t{line}\\t{severity}\\t{id}\\t{cwe}\\t{message}",
                     "--output-file={out}", "{files}"},
       .output = tabs,
       .languages = {Language::c, Language::cpp},
       .automatic = true,
       .needs = {}},
      {.name = "eslint",
       .program = "eslint",
       .arguments = {"-f", "json", "-o", "{out}", "{files}"},
       .output = eslint_json,
       .languages = {Language::javascript, Language::typescript, Language::tsx},
       .automatic = false,
       .needs = {}},
      {.name = "gosec",
       .program = "gosec",
       .arguments = {"-quiet", "-fmt", "sarif", "-out", "{out}", "./..."},
       .output = sarif,
       .languages = {Language::go},
       .automatic = true,
       .needs = "go.mod"},
      {.name = "ruff",
       .program = "ruff",
       .arguments = {"check", "--exit-zero", "--no-cache", "--output-format", "sarif",
                     "--output-file", "{out}", "{files}"},
       .output = sarif,
       .languages = {Language::python},
       .automatic = true,
       .needs = {}},
      {.name = "semgrep",
       .program = "semgrep",
       .arguments = {"scan", "--quiet", "--metrics=off", "--disable-version-check", "--config",
                     ".semgrep.yml", "--sarif", "--output", "{out}", "{files}"},
       .output = sarif,
       .languages = {Language::python, Language::javascript, Language::typescript, Language::tsx,
                     Language::java, Language::go, Language::ruby, Language::php, Language::c,
                     Language::cpp, Language::rust},
       .automatic = false,
       .needs = ".semgrep.yml"},
      {.name = "staticcheck",
       .program = "staticcheck",
       .arguments = {"-f", "sarif", "./..."},
       .output = sarif,
       .languages = {Language::go},
       .automatic = true,
       .needs = "go.mod"},
  };
  return all;
}

const Analyzer* analyzer_named(std::string_view name) {
  const auto all = known_analyzers();
  const auto found = std::ranges::find(all, name, &Analyzer::name);
  return found == all.end() ? nullptr : &*found;
}

Result<std::vector<Finding>> read_analyzer_report(const Analyzer& analyzer, std::string_view report,
                                                  const fs::path& folder) {
  if (analyzer.output == Analyzer::Output::tabs) return read_tabs(analyzer, report, folder);
  if (analyzer.output == Analyzer::Output::gcc_lines)
    return read_gcc_lines(analyzer, report, folder);
  try {
    if (analyzer.output == Analyzer::Output::clippy_json)
      return read_clippy(analyzer, report, folder);
    // Some print a line before.
    const std::size_t begin = std::min(report.find_first_of("{["), report.size());
    const json parsed = json::parse(report.substr(begin));
    switch (analyzer.output) {
      case Analyzer::Output::bandit_json:
        return read_bandit(analyzer, parsed, folder);
      case Analyzer::Output::eslint_json:
        return read_eslint(analyzer, parsed, folder);
      default:
        return read_sarif(analyzer, parsed, folder);
    }
  } catch (const std::exception& error) {
    return fail(Errc::corrupt, "{} reported what can't be read: {}", analyzer.name, error.what());
  }
}

void merge_findings(const std::vector<Finding>& found, const std::vector<ReviewedText>& texts,
                    Severity severity_min, std::string_view today, ReviewReport& report) {
  std::map<std::string, std::vector<Finding>> by_file;
  for (const Finding& finding : found) {
    if (finding.severity >= severity_min) by_file[finding.file].push_back(finding);
  }
  for (const ReviewedText& reviewed : texts) {
    const auto theirs = by_file.find(reviewed.path);
    if (theirs == by_file.end()) continue;
    const SourceFile file = SourceFile::open(reviewed.path, reviewed.text);
    auto suppressions = find_suppressions(file, today);
    std::vector<Finding> fresh;
    for (Finding finding : theirs->second) {
      if (finding.range.first_line == 0 || finding.range.first_line > file.line_count()) continue;
      const std::size_t line = finding.range.first_line;
      if (!reviewed.all && std::ranges::none_of(reviewed.only, [&](const LineSpan& span) {
            return span.first <= line && line <= span.last;
          })) {
        ++report.outside;
        continue;
      }
      const auto known = std::ranges::find_if(report.findings, [&](const Finding& ours) {
        return ours.file == finding.file && ours.range.first_line <= line &&
               line <= ours.range.last_line &&
               ((ours.cwe != 0 && ours.cwe == finding.cwe) ||
                (ours.range.first_line == line && ours.type == finding.type));
      });
      if (known != report.findings.end()) {
        if (known->engine.find(finding.engine) == std::string::npos)
          known->engine += "+" + finding.engine;
        continue;
      }
      const std::string_view text = file.line(line);
      const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
      finding.range =
          file.range(file.line_begin(line) + begin, file.line_begin(line) + text.size());
      finding.language = file.language();
      finding.evidence = text.substr(begin, kEvidenceBytes);
      fresh.push_back(std::move(finding));
    }
    std::ranges::sort(fresh, {},
                      [](const Finding& one) { return std::pair(one.range.begin, one.rule); });
    add_fingerprints(file, fresh);
    for (Finding& finding : fresh) {
      if (const Suppression* by = suppression_of(finding, suppressions)) {
        report.suppressed.push_back({.finding = std::move(finding), .reason = by->reason});
      } else {
        report.findings.push_back(std::move(finding));
      }
    }
  }
  sort_by_place(report.findings);
}

}  // namespace leyden::review
