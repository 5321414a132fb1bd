#include "leyden/agents/evolve/reports/report.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "leyden/agents/evolve/operators/line_mix.h"

namespace leyden::evolve {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kContextLines = 3;
constexpr std::size_t kEvidenceLines = 8;

Json json_or_null(std::optional<double> number) { return number ? Json(*number) : Json(nullptr); }

Json json_of(const cache::CacheStats& stats) {
  return {{"hits", stats.hits},
          {"misses", stats.misses},
          {"hit_rate", stats.hit_rate},
          {"total_tokens_cached", stats.total_tokens_cached},
          {"memory_usage_mb", stats.memory_usage_mb},
          {"peak_memory_mb", stats.peak_memory_mb}};
}

Json json_of(const ModelCounts& counts, const std::string& model) {
  return {{"name", model},
          {"calls", counts.calls},
          {"failed", counts.failed},
          {"prompt_tokens", counts.prompt_tokens},
          {"prompt_tokens_reused", counts.prompt_tokens_reused},
          {"context_tokens", counts.context_tokens},
          {"context_tokens_cached", counts.context_tokens_cached},
          {"answer_tokens", counts.answer_tokens},
          {"token_ms", counts.token_ms},
          {"first_token_ms", counts.first_token_ms}};
}

std::string name_of(const Arm& arm) {
  return fmt::format("{}{}", to_string(arm.which), arm.by_model ? " (model)" : "");
}

std::string shown(std::optional<double> score) {
  return score ? fmt::format("{:.10g}", *score) : std::string("none");
}

// Runs of lines that are near each other, as hunks.
void append_hunk(std::string& out, const std::vector<LineRun>& runs, std::size_t first,
                 std::size_t last, const std::vector<std::string_view>& before,
                 const std::vector<std::string_view>& after) {
  const std::size_t lead = first > 0 ? std::min(kContextLines, runs[first - 1].first_count) : 0;
  const std::size_t trail =
      last + 1 < runs.size() ? std::min(kContextLines, runs[last + 1].first_count) : 0;
  std::string body;
  std::size_t old_count = lead + trail;
  std::size_t new_count = lead + trail;
  const auto put = [&](char mark, std::string_view line) {
    body += mark;
    body += line;
    if (!line.ends_with('\n')) body += "\n\\ No newline at end of file\n";
  };
  for (std::size_t i = runs[first].first - lead; i < runs[first].first; ++i) put(' ', before[i]);
  for (std::size_t r = first; r <= last; ++r) {
    const LineRun& run = runs[r];
    old_count += run.first_count;
    new_count += run.second_count;
    for (std::size_t i = 0; i < run.first_count; ++i)
      put(run.same ? ' ' : '-', before[run.first + i]);
    for (std::size_t i = 0; !run.same && i < run.second_count; ++i) put('+', after[run.second + i]);
  }
  for (std::size_t i = 0; i < trail; ++i) put(' ', before[runs[last + 1].first + i]);
  out += fmt::format("@@ -{},{} +{},{} @@\n{}", runs[first].first - lead + 1, old_count,
                     runs[first].second - lead + 1, new_count, body);
}

// The last lines of what a program said, indented. What would steer a terminal is a question mark.
std::string indented_end(std::string_view text) {
  std::string out;
  const std::vector<std::string_view> all = lines_of(text);
  for (std::size_t i = all.size() - std::min(all.size(), kEvidenceLines); i < all.size(); ++i) {
    std::string_view line = all[i];
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    out += "  | ";
    for (const char one : line)
      out += (one >= 0 && one < ' ' && one != '\t') || one == '\x7f' ? '?' : one;
    out += '\n';
  }
  return out;
}

// What helps where the start itself has no score.
std::string why_no_start(const Evaluation& start) {
  std::string out = indented_end(start.evidence);
  if (start.reason.starts_with("the candidate"))
    out += "  --run sees the program alone: --show FILE gives it a file of the project\n";
  return out;
}

}  // namespace

std::vector<OperatorTally> tallies_of(const EvolutionReport& report, Goal goal) {
  std::vector<OperatorTally> all(kArms);
  for (std::size_t i = 0; i < kArms; ++i) all[i].arm = arm_at(i);
  const Evaluation* best = nullptr;
  const auto& trajectories = report.state.trajectories();
  for (const Trajectory& one : trajectories) {
    const bool raised =
        one.evaluation->score() && (best == nullptr || is_gain(*one.evaluation, *best, goal));
    if (raised) best = &*one.evaluation;
    if (!one.made_by) continue;
    const Trajectory& parent = rival_of(one, trajectories, goal);
    OperatorTally& tally = all[number_of({*one.made_by, one.by_model})];
    ++tally.tried;
    tally.measured += one.evaluation->score() ? 1 : 0;
    tally.gains += is_gain(*one.evaluation, *parent.evaluation, goal) ? 1 : 0;
    tally.bests += raised ? 1 : 0;
    tally.gained += gain_of(one, parent, goal);
  }
  std::erase_if(all, [](const OperatorTally& tally) { return tally.tried == 0; });
  return all;
}

std::vector<std::size_t> line_of_descent(const EvolutionReport& report) {
  std::vector<std::size_t> out;
  for (std::optional<std::size_t> at = report.state.best(); at;) {
    out.push_back(*at);
    const Trajectory& one = report.state.trajectories()[*at];
    at = one.parents.empty() ? std::nullopt : std::optional(one.parents.front());
  }
  std::ranges::reverse(out);
  return out;
}

std::string diff_of(std::string_view before, std::string_view after, std::string_view name) {
  const std::vector<std::string_view> old_lines = lines_of(before);
  const std::vector<std::string_view> new_lines = lines_of(after);
  const std::vector<LineRun> runs = compare_lines(old_lines, new_lines);
  std::string out;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (runs[r].same) continue;
    std::size_t last = r;
    while (last + 2 < runs.size() && runs[last + 1].first_count <= 2 * kContextLines) last += 2;
    append_hunk(out, runs, r, last, old_lines, new_lines);
    r = last;
  }
  return out.empty() ? out : fmt::format("--- a/{}\n+++ b/{}\n{}", name, name, out);
}

std::string text_report(const EvolutionReport& report, const RunFacts& facts) {
  const std::optional<double> start = report.start().evaluation->score();
  const Trajectory* best = report.best();
  std::string out =
      fmt::format("run {}: {} evaluations in {:.1f} s, ended: {}\nstart {}{}, best {}\n", facts.run,
                  report.state.evaluations(), report.seconds, to_string(report.end), shown(start),
                  start ? "" : fmt::format(" ({})", report.start().evaluation->reason),
                  shown(best != nullptr ? best->evaluation->score() : std::nullopt));
  if (!start) out += why_no_start(*report.start().evaluation);
  if (report.best_again)
    out += fmt::format("measured anew: start {}, best {}\n", shown(report.start_again->score()),
                       shown(report.best_again->score()));
  if (const Spent& spent = report.state.spent(); spent.calls > 0)
    out += fmt::format("the model took {} tokens in {} calls{}\n", spent.tokens, spent.calls,
                       spent.cost > 0 ? fmt::format(", cost {:.6g}", spent.cost) : "");
  for (const OperatorTally& tally : tallies_of(report, facts.goal))
    out +=
        fmt::format("  {:<22} {:>5} tried {:>5} measured {:>4} better than the parent {:>4} best\n",
                    name_of(tally.arm), tally.tried, tally.measured, tally.gains, tally.bests);
  if (facts.target) {
    out += report.met(facts.target, facts.goal)
               ? fmt::format("target {} is met\n", *facts.target)
               : fmt::format("target {} is NOT met\n", *facts.target);
  }
  if (!report.gained(facts.goal)) return out + "no gain was measured\n";
  for (const std::size_t number : line_of_descent(report)) {
    const Trajectory& one = report.state.trajectories()[number];
    out += fmt::format("  #{} {} {}: {}\n", number, one.made_by ? to_string(*one.made_by) : "start",
                       shown(one.evaluation->score()), one.reasoning);
  }
  return out + diff_of(report.start().code, best->code, facts.program);
}

std::string json_report(const EvolutionReport& report, const RunFacts& facts) {
  const Trajectory* best = report.best();
  Json operators = Json::array();
  for (const OperatorTally& tally : tallies_of(report, facts.goal))
    operators.push_back({{"operator", to_string(tally.arm.which)},
                         {"by", tally.arm.by_model ? "model" : "offline"},
                         {"tried", tally.tried},
                         {"measured", tally.measured},
                         {"gains", tally.gains},
                         {"bests", tally.bests},
                         {"gained", tally.gained}});
  Json lineage = Json::array();
  for (const std::size_t number : line_of_descent(report)) {
    const Trajectory& one = report.state.trajectories()[number];
    lineage.push_back({{"number", number},
                       {"operator", one.made_by ? Json(to_string(*one.made_by)) : Json(nullptr)},
                       {"parents", one.parents},
                       {"score", json_or_null(one.evaluation->score())},
                       {"reasoning", one.reasoning}});
  }
  std::map<std::string, std::size_t> statuses;
  for (const Trajectory& one : report.state.trajectories())
    ++statuses[std::string(to_string(one.evaluation->status))];
  Json out = {
      {"run", facts.run},
      {"program", facts.program},
      {"scenario", facts.scenario},
      {"goal", facts.goal == Goal::max ? "max" : "min"},
      {"target", json_or_null(facts.target)},
      {"target_met", facts.target ? Json(report.met(facts.target, facts.goal)) : Json(nullptr)},
      {"gained", report.gained(facts.goal)},
      {"ended", to_string(report.end)},
      {"start_score", json_or_null(report.start().evaluation->score())},
      {"best_score", json_or_null(best != nullptr ? best->evaluation->score() : std::nullopt)},
      {"best", best != nullptr ? Json(best->number) : Json(nullptr)},
      {"best_metrics", best != nullptr ? Json(best->evaluation->metrics) : Json(nullptr)},
      {"evaluations", report.state.evaluations()},
      {"spent",
       {{"tokens", report.state.spent().tokens},
        {"calls", report.state.spent().calls},
        {"cost", report.state.spent().cost}}},
      {"statuses", statuses},
      {"seconds", report.seconds},
      {"archive_size", report.state.archive().size()},
      {"digest", report.state.digest().hex()},
      {"operators", operators},
      {"lineage", lineage},
      {"diff", best != nullptr ? diff_of(report.start().code, best->code, facts.program) : ""},
      {"model", facts.counts ? json_of(*facts.counts, facts.model) : Json(nullptr)},
      {"why_no_model", facts.why_no_model},
      {"cache_stats", facts.cache_stats ? json_of(*facts.cache_stats) : Json(nullptr)}};
  if (report.best_again)
    out["measured_anew"] = {{"start", json_or_null(report.start_again->score())},
                            {"best", json_or_null(report.best_again->score())}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace leyden::evolve
