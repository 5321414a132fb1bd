#include "leyden/agents/qa/reports/stored_report.h"

#include <nlohmann/json.hpp>

namespace leyden::qa {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KeptTest, name, by_model, function, new_lines, new_branches,
                                   killed, note)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RejectedTest, name, function, reason)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SuspectedDefect, function, line, what)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SkeletonTest, name, function)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Coverage, lines, lines_reached, branches, branches_reached)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WriterCounts, calls, failed, prompt_tokens, prompt_tokens_reused,
                                   context_tokens, context_tokens_cached, answer_tokens, token_ms,
                                   first_token_ms, total_ms)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TestReport, file, language, test_type, engine, runner, tests,
                                   rejected, rest_broken, suspected, untested, test_path, test_text,
                                   data, before, after, mutants, mutants_killed, survivors,
                                   inputs_tried, runs_verified, unverified, unverified_text,
                                   why_unverified, why_no_model, stage_seconds, seconds)

std::string stored_report(const TestReport& report) {
  nlohmann::json out = report;
  if (report.model) out["model"] = *report.model;
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<TestReport> read_stored_report(std::string_view line) {
  try {
    const auto json = nlohmann::json::parse(line);
    auto out = json.get<TestReport>();
    if (const auto model = json.find("model"); model != json.end())
      out.model = model->get<WriterCounts>();
    return out;
  } catch (const nlohmann::json::exception& error) {
    return fail(Errc::corrupt, "a stored report can't be read: {}", error.what());
  }
}

}  // namespace leyden::qa
