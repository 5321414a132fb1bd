#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "leyden/agents/review/reports/report.h"
#include "leyden/agents/review/reports/uri.h"

namespace leyden::review {
namespace {

using nlohmann::json;

std::string_view level_of(Severity severity) {
  return severity == Severity::low ? "note" : severity == Severity::medium ? "warning" : "error";
}

// GitHub reads critical above 9.0, high from 7.0, medium from 4.0, low below.
std::string_view score_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return "9.5";
    case Severity::high:
      return "8.0";
    case Severity::medium:
      return "5.5";
    default:
      return "2.0";
  }
}

json region_of(const Range& range) {
  return {{"startLine", range.first_line},
          {"startColumn", range.first_column},
          {"endLine", range.last_line},
          {"endColumn", range.last_column}};
}

json artifact(const std::string& path) {
  json out = {{"uri", (path.starts_with('/') ? "file://" : "") + uri_of(path)}};
  if (!path.starts_with('/')) out["uriBaseId"] = "SRCROOT";
  return out;
}

json physical(const std::string& path, const Range& range, const std::string& snippet) {
  json region = region_of(range);
  if (!snippet.empty()) region["snippet"] = {{"text", snippet}};
  return {
      {"physicalLocation", {{"artifactLocation", artifact(path)}, {"region", std::move(region)}}}};
}

std::string sentence(std::string text) {
  if (text.size() > 1'000) text.resize(1'000);
  if (!text.empty() && text.back() != '.' && text.back() != '!' && text.back() != '?') text += '.';
  return text;
}

json rule_json(const std::string& id, const Rule* rule, const Finding& example) {
  const Severity severity = rule != nullptr ? rule->severity : example.severity;
  const Confidence confidence = rule != nullptr ? rule->confidence : example.confidence;
  const ReviewType type = rule != nullptr ? rule->type : example.type;
  const int cwe = rule != nullptr ? rule->cwe : example.cwe;
  const std::string title = rule != nullptr ? rule->title : id;
  const std::string help = rule != nullptr && !rule->advice.empty() ? rule->advice
                           : !example.advice.empty()                ? example.advice
                                                                    : title;
  json tags = json::array({to_string(type)});
  if (cwe != 0) tags.push_back(fmt::format("external/cwe/cwe-{:03}", cwe));
  json properties = {{"tags", std::move(tags)},
                     {"precision", confidence == Confidence::high     ? "very-high"
                                   : confidence == Confidence::medium ? "high"
                                                                      : "medium"},
                     {"problem.severity", severity == Severity::low      ? "recommendation"
                                          : severity == Severity::medium ? "warning"
                                                                         : "error"}};
  if (type == ReviewType::security) properties["security-severity"] = score_of(severity);
  // "python.sql-injection" as PythonSqlInjection: the standard asks for a name that is one word.
  std::string name;
  bool up = true;
  for (const char c : id) {
    if (c == '.' || c == '-' || c == '_' || c == '/' || c == ':') {
      up = true;
    } else {
      name += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      up = false;
    }
  }
  return {{"id", id},
          {"name", name},
          {"shortDescription", {{"text", sentence(title)}}},
          {"fullDescription", {{"text", sentence(title + ". " + help)}}},
          {"help", {{"text", sentence(help)}, {"markdown", sentence(help)}}},
          {"defaultConfiguration", {{"level", level_of(severity)}}},
          {"properties", std::move(properties)}};
}

}  // namespace

std::string render_sarif(const ReviewReport& report, const RuleSet& rules,
                         const ReportOptions& options) {
  std::map<std::string, std::size_t> index;  // Rules that found something, by ID.
  std::map<std::string, const Finding*> first;
  for (const Finding& finding : report.findings) first.emplace(finding.rule, &finding);
  for (const SuppressedFinding& one : report.suppressed)
    first.emplace(one.finding.rule, &one.finding);
  json rule_list = json::array();
  for (const auto& [id, finding] : first) {
    index[id] = rule_list.size();
    rule_list.push_back(rule_json(id, rules.find(id), *finding));
  }
  json results = json::array();
  const auto add = [&](const Finding& finding, const std::string* reason) {
    json result = {
        {"ruleId", finding.rule},
        {"ruleIndex", index.at(finding.rule)},
        {"level", level_of(finding.severity)},
        {"message", {{"text", sentence(finding.message)}}},
        {"locations", json::array({physical(finding.file, finding.range, finding.evidence)})},
        {"partialFingerprints",
         {{"leydenFinding/v1", finding.fingerprint},
          {"primaryLocationLineHash", finding.fingerprint + ":1"}}},
        {"properties",
         {{"engine", finding.engine},
          {"severity", to_string(finding.severity)},
          {"confidence", to_string(finding.confidence)}}}};
    if (finding.cwe != 0) result["properties"]["cwe"] = fmt::format("CWE-{}", finding.cwe);
    if (finding.source) {
      json related = physical(finding.file, *finding.source, "");
      related["id"] = 1;
      related["message"] = {{"text", "It comes from here."}};
      result["relatedLocations"] = json::array({std::move(related)});
    }
    if (!finding.fix.empty()) {
      json replacements = json::array();
      for (const Edit& edit : finding.fix)
        replacements.push_back(
            {{"deletedRegion", region_of(edit.range)}, {"insertedContent", {{"text", edit.text}}}});
      result["fixes"] = json::array(
          {{{"description", {{"text", sentence(finding.advice)}}},
            {"artifactChanges", json::array({{{"artifactLocation", artifact(finding.file)},
                                              {"replacements", std::move(replacements)}}})}}});
    }
    if (reason != nullptr)
      result["suppressions"] =
          json::array({{{"kind", *reason == "baseline" ? "external" : "inSource"},
                        {"justification", *reason}}});
    results.push_back(std::move(result));
  };
  for (const Finding& finding : report.findings) add(finding, nullptr);
  for (const SuppressedFinding& one : report.suppressed) add(one.finding, &one.reason);
  json notifications = json::array();
  for (const SkippedInput& one : report.skipped)
    notifications.push_back(
        {{"level", "warning"},
         {"message", {{"text", sentence("Not reviewed: " + one.path + " " + one.reason)}}},
         {"locations",
          json::array({{{"physicalLocation", {{"artifactLocation", artifact(one.path)}}}}})}});
  json run = {
      {"tool",
       {{"driver",
         {{"name", "Leyden"},
          {"version", options.version},
          {"semanticVersion", options.version},
          {"rules", std::move(rule_list)}}}}},
      {"automationDetails", {{"id", "leyden/review/"}}},
      {"columnKind", "unicodeCodePoints"},
      {"invocations", json::array({{{"executionSuccessful", true},
                                    {"toolExecutionNotifications", std::move(notifications)}}})},
      {"results", std::move(results)}};
  if (!options.root_uri.empty())
    run["originalUriBaseIds"] = {{"SRCROOT", {{"uri", options.root_uri}}}};
  const json out = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                    {"version", "2.1.0"},
                    {"runs", json::array({std::move(run)})}};
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace leyden::review
