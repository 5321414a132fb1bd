#include <nlohmann/json.hpp>

#include "leyden/agents/review/finding_json.h"
#include "leyden/agents/review/reports/report.h"

namespace leyden::review {
namespace {

using nlohmann::json;

std::string dump(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace) + "\n";
}

json summary(const ReviewReport& report, const ReportOptions& options) {
  json breakdown = json::object();
  for (const Severity severity :
       {Severity::critical, Severity::high, Severity::medium, Severity::low})
    breakdown[to_string(severity)] = report.count(severity);
  json suppressed = json::array();
  for (const SuppressedFinding& one : report.suppressed) {
    json finding = to_json(one.finding);
    finding["reason"] = one.reason;
    suppressed.push_back(std::move(finding));
  }
  json skipped = json::array();
  for (const SkippedInput& one : report.skipped)
    skipped.push_back({{"path", one.path}, {"reason", one.reason}});
  json notes = json::array();
  for (const ReviewNote& one : report.notes)
    notes.push_back({{"path", one.path}, {"line", one.line}, {"text", one.text}});
  json model;
  if (report.model) {
    const ModelReviewCounts& counts = *report.model;
    model = {{"calls", counts.calls},
             {"failed", counts.failed},
             {"not_asked", counts.not_asked},
             {"unreadable", counts.unreadable},
             {"proposed", counts.proposed},
             {"accepted", counts.accepted},
             {"merged", counts.merged},
             {"dropped_without_text", counts.without_text},
             {"dropped_out_of_set", counts.out_of_set},
             {"doubted", counts.doubted},
             {"prompt_tokens", counts.prompt_tokens},
             {"prompt_tokens_reused", counts.prompt_tokens_reused},
             {"context_tokens", counts.context_tokens},
             {"context_tokens_cached", counts.context_tokens_cached},
             {"answer_tokens", counts.answer_tokens},
             {"token_ms", counts.token_ms},
             {"first_token_ms", counts.first_token_ms},
             {"total_ms", counts.total_ms}};
  }
  json cache_stats;  // Of the token cache, where a model was asked.
  if (report.cache_stats) {
    const cache::CacheStats& stats = *report.cache_stats;
    cache_stats = {{"hits", stats.hits},
                   {"misses", stats.misses},
                   {"hit_rate", stats.hit_rate},
                   {"total_tokens_cached", stats.total_tokens_cached},
                   {"cache_size_mb", stats.cache_size_mb},
                   {"avg_hit_latency_ms", stats.avg_hit_latency_ms},
                   {"avg_miss_latency_ms", stats.avg_miss_latency_ms},
                   {"memory_usage_mb", stats.memory_usage_mb},
                   {"peak_memory_mb", stats.peak_memory_mb}};
  }
  return {
      {"version", options.version},
      {"issue_count", report.findings.size()},
      {"severity_breakdown", std::move(breakdown)},
      {"suppressed", std::move(suppressed)},
      {"not_reviewed", std::move(skipped)},
      {"notes", std::move(notes)},
      {"files_seen", report.files_seen},
      {"files_reviewed", report.files_reviewed},
      {"files_not_text", report.files_not_text},
      {"files_from_cache", report.files_from_cache},
      {"cache_hit", report.files_reviewed > 0 && report.files_from_cache == report.files_reviewed},
      {"bytes_reviewed", report.bytes_reviewed},
      {"lines_reviewed", report.lines_reviewed},
      {"outside_of_change", report.outside},
      {"languages", report.languages},
      {"latency_ms", report.seconds * 1000},
      {"engine", report.engine},
      {"model", std::move(model)},
      {"cache_stats", std::move(cache_stats)},
      {"fallback", report.why_no_model.empty() ? json(nullptr) : json(report.why_no_model)}};
}

}  // namespace

std::string render_json(const ReviewReport& report, const ReportOptions& options) {
  json out = summary(report, options);
  out["issues"] = json::array();
  for (const Finding& finding : report.findings) out["issues"].push_back(to_json(finding));
  return dump(out, 2);
}

std::string render_ndjson(const ReviewReport& report, const ReportOptions& options) {
  std::string out;
  for (const Finding& finding : report.findings) {
    json one = to_json(finding);
    one["event"] = "finding";
    out += dump(one, -1);
  }
  json last = summary(report, options);
  last["event"] = "complete";
  return out + dump(last, -1);
}

}  // namespace leyden::review
