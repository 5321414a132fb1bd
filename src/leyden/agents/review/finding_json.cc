#include "leyden/agents/review/finding_json.h"

namespace leyden::review {
namespace {

using nlohmann::json;

json range_json(const Range& range) {
  return {{"first_line", range.first_line}, {"first_column", range.first_column},
          {"last_line", range.last_line},   {"last_column", range.last_column},
          {"begin_byte", range.begin},      {"end_byte", range.end}};
}

Range range_from(const json& from) {
  return {.begin = from.at("begin_byte").get<std::size_t>(),
          .end = from.at("end_byte").get<std::size_t>(),
          .first_line = from.at("first_line").get<std::size_t>(),
          .first_column = from.at("first_column").get<std::size_t>(),
          .last_line = from.at("last_line").get<std::size_t>(),
          .last_column = from.at("last_column").get<std::size_t>()};
}

}  // namespace

json to_json(const Finding& finding) {
  json fix = json::array();
  for (const Edit& edit : finding.fix)
    fix.push_back({{"range", range_json(edit.range)}, {"text", edit.text}});
  return {{"rule", finding.rule},
          {"type", to_string(finding.type)},
          {"severity", to_string(finding.severity)},
          {"confidence", to_string(finding.confidence)},
          {"cwe", finding.cwe == 0 ? json(nullptr) : json(finding.cwe)},
          {"file_path", finding.file},
          {"language", to_string(finding.language)},
          {"range", range_json(finding.range)},
          {"message", finding.message},
          {"advice", finding.advice},
          {"evidence", finding.evidence},
          {"source", finding.source ? range_json(*finding.source) : json(nullptr)},
          {"fix", std::move(fix)},
          {"fingerprint", finding.fingerprint},
          {"engine", finding.engine}};
}

Result<Finding> finding_from_json(const json& from) {
  try {
    Finding out;
    out.rule = from.at("rule");
    out.type = review_type_named(from.at("type").get<std::string>()).value();
    out.severity = severity_named(from.at("severity").get<std::string>()).value();
    out.confidence = confidence_named(from.at("confidence").get<std::string>()).value();
    out.cwe = from.at("cwe").is_null() ? 0 : from.at("cwe").get<int>();
    out.file = from.at("file_path");
    out.language = syntax::language_named(from.at("language").get<std::string>()).value();
    out.range = range_from(from.at("range"));
    out.message = from.at("message");
    out.advice = from.at("advice");
    out.evidence = from.at("evidence");
    if (!from.at("source").is_null()) out.source = range_from(from.at("source"));
    for (const json& edit : from.at("fix"))
      out.fix.push_back({.range = range_from(edit.at("range")), .text = edit.at("text")});
    out.fingerprint = from.at("fingerprint");
    out.engine = from.at("engine");
    return out;
  } catch (const std::exception& error) {
    return fail(Errc::corrupt, "not a finding: {}", error.what());
  }
}

}  // namespace leyden::review
