#include "leyden/agents/qa/reports/report.h"

#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace leyden::qa {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kShown = 8;

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 100.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

Json json_of(const Coverage& coverage) {
  return {{"lines", coverage.lines},
          {"lines_reached", coverage.lines_reached},
          {"branches", coverage.branches},
          {"branches_reached", coverage.branches_reached}};
}

Json json_of(const std::optional<cache::CacheStats>& stats) {
  if (!stats) return nullptr;
  return {{"hits", stats->hits},
          {"misses", stats->misses},
          {"hit_rate", stats->hit_rate},
          {"total_tokens_cached", stats->total_tokens_cached},
          {"cache_size_mb", stats->cache_size_mb},
          {"avg_hit_latency_ms", stats->avg_hit_latency_ms},
          {"avg_miss_latency_ms", stats->avg_miss_latency_ms},
          {"memory_usage_mb", stats->memory_usage_mb},
          {"peak_memory_mb", stats->peak_memory_mb}};
}

Json json_of(const TestReport& report) {
  Json tests = Json::array();
  for (const KeptTest& test : report.tests) {
    tests.push_back({{"name", test.name},
                     {"function", test.function},
                     {"new_lines", test.new_lines},
                     {"new_branches", test.new_branches},
                     {"mutants_killed", test.killed},
                     {"note", test.note},
                     {"by", test.by_model ? "model" : "offline"}});
  }
  Json rejected = Json::array();
  for (const RejectedTest& one : report.rejected)
    rejected.push_back({{"name", one.name}, {"function", one.function}, {"reason", one.reason}});
  Json suspected = Json::array();
  for (const SuspectedDefect& one : report.suspected)
    suspected.push_back({{"function", one.function}, {"line", one.line}, {"what", one.what}});
  Json unverified = Json::array();
  for (const SkeletonTest& one : report.unverified)
    unverified.push_back({{"name", one.name}, {"function", one.function}});
  const WriterCounts model = report.model.value_or(WriterCounts());
  return {{"file", report.file},
          {"language", report.language},
          {"test_type", report.test_type},
          {"engine", report.engine},
          {"fallback", !report.why_no_model.empty()},
          {"runner", report.runner},
          {"tests", std::move(tests)},
          {"test_count", report.tests.size()},
          {"rejected", std::move(rejected)},
          {"suspected_defects", std::move(suspected)},
          {"untested", report.untested},
          {"test_path", report.test_path},
          {"test_text", report.test_text},
          {"data_files", report.data},
          {"coverage_before", json_of(report.before)},
          {"coverage_after", json_of(report.after)},
          {"mutants", report.mutants},
          {"mutants_killed", report.mutants_killed},
          {"survivors", report.survivors},
          {"inputs_tried", report.inputs_tried},
          {"runs_verified", report.runs_verified},
          {"stage_seconds", report.stage_seconds},
          {"unverified", std::move(unverified)},
          {"unverified_text", report.unverified_text},
          {"why_unverified", report.why_unverified},
          {"why_no_model", report.why_no_model},
          {"model_calls", model.calls},
          {"cache_hit",
           model.context_tokens > 0 && model.context_tokens == model.context_tokens_cached},
          {"context_tokens", model.context_tokens},
          {"context_tokens_cached", model.context_tokens_cached},
          {"code_tokens", model.answer_tokens},
          {"total_tokens", model.prompt_tokens + model.answer_tokens},
          {"prompt_tokens_reused", model.prompt_tokens_reused},
          {"token_ms", model.token_ms},
          {"first_token_ms", model.first_token_ms},
          {"cache_stats", json_of(report.cache_stats)},
          {"latency_ms", report.seconds * 1000}};
}

// Of unit tests: how far they reach.
std::string reach_of(const TestReport& report) {
  return fmt::format(
      "  lines {}/{} ({:.1f} %), branches {}/{} ({:.1f} %), mutants {}/{}; {} inputs tried, {} "
      "runs of tests, {:.1f} s\n",
      report.after.lines_reached, report.after.lines,
      percent(report.after.lines_reached, report.after.lines), report.after.branches_reached,
      report.after.branches, percent(report.after.branches_reached, report.after.branches),
      report.mutants_killed, report.mutants, report.inputs_tried, report.runs_verified,
      report.seconds);
}

}  // namespace

std::string text_report(const std::vector<TestReport>& reports,
                        const std::vector<SkippedFile>& skipped) {
  std::string out;
  for (const TestReport& report : reports) {
    if (!report.why_unverified.empty()) {
      out += fmt::format(
          "{}: 0 tests kept, {} candidates unverified: {}\n  --skeleton shows them; they are "
          "skipped "
          "until somebody writes them, and count for nothing\n",
          report.file, report.unverified.size(), report.why_unverified);
      continue;
    }
    out += fmt::format("{}: {} tests kept ({}, {})\n", report.file, report.tests.size(),
                       report.runner, report.engine);
    for (const KeptTest& test : report.tests) {
      if (!test.note.empty()) {
        out += fmt::format("  {:44} {}\n", test.name, test.note);
        continue;
      }
      out += fmt::format("  {:44} +{} lines, +{} branches, {} mutants\n", test.name, test.new_lines,
                         test.new_branches, test.killed);
    }
    if (report.test_type == "unit") out += reach_of(report);
    for (const SuspectedDefect& one : report.suspected)
      out +=
          fmt::format("  suspected defect in {}, line {}: {}\n", one.function, one.line, one.what);
    for (const std::string& one : report.untested) out += fmt::format("  no test of {}\n", one);
    std::map<std::string, std::size_t> reasons;
    for (const RejectedTest& one : report.rejected) ++reasons[one.reason];
    for (const auto& [reason, count] : reasons)
      out += fmt::format("  {} not kept: {}\n", count, reason);
    for (std::size_t i = 0; i < report.survivors.size() && i < kShown; ++i)
      out += fmt::format("  not noticed by any test: {}\n", report.survivors[i]);
    if (report.survivors.size() > kShown)
      out += fmt::format("  ... and {} more mutants\n", report.survivors.size() - kShown);
  }
  for (const SkippedFile& one : skipped)
    out += fmt::format("{}: not tested: {}\n", one.file, one.reason);
  return out;
}

std::string json_report(const std::vector<TestReport>& reports,
                        const std::vector<SkippedFile>& skipped) {
  Json files = Json::array();
  std::size_t count = 0;
  for (const TestReport& report : reports) {
    files.push_back(json_of(report));
    count += report.tests.size();
  }
  Json not_tested = Json::array();
  for (const SkippedFile& one : skipped)
    not_tested.push_back({{"file", one.file}, {"reason", one.reason}});
  return Json{
             {"files", std::move(files)}, {"test_count", count}, {"skipped", std::move(not_tested)}}
             .dump(1, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

std::string junit_report(const std::vector<TestReport>& reports,
                         const std::vector<SkippedFile>& skipped) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const TestReport& report : reports) {
    out += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"0\" errors=\"0\" skipped=\"{}\" "
        "time=\"{:.3f}\">\n",
        escaped(report.file), report.tests.size() + report.rejected.size(), report.rejected.size(),
        report.seconds);
    for (const KeptTest& test : report.tests) {
      out += fmt::format(
          "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\"><properties><property "
          "name=\"new_lines\" value=\"{}\"/><property name=\"new_branches\" "
          "value=\"{}\"/><property name=\"mutants_killed\" "
          "value=\"{}\"/></properties></testcase>\n",
          escaped(test.name), escaped(test.function), escaped(report.test_path), test.new_lines,
          test.new_branches, test.killed);
    }
    for (const RejectedTest& one : report.rejected) {
      out += fmt::format(
          "    <testcase name=\"{}\" classname=\"{}\"><skipped message=\"{}\"/></testcase>\n",
          escaped(one.name), escaped(one.function), escaped(one.reason));
    }
    out += "  </testsuite>\n";
  }
  for (const SkippedFile& one : skipped) {
    out += fmt::format(
        "  <testsuite name=\"{0}\" tests=\"1\" skipped=\"1\"><testcase name=\"{0}\"><skipped "
        "message=\"{1}\"/></testcase></testsuite>\n",
        escaped(one.file), escaped(one.reason));
  }
  return out + "</testsuites>\n";
}

std::string new_file_patch(const std::string& path, const std::string& text) {
  std::size_t lines = 0;
  std::string body;
  for (std::size_t begin = 0; begin < text.size(); ++lines) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    body += "+" + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return fmt::format(
      "diff --git a/{0} b/{0}\nnew file mode 100644\n--- /dev/null\n+++ b/{0}\n@@ -0,0 +1,{1} "
      "@@\n{2}",
      path, lines, body);
}

}  // namespace leyden::qa
