#include "leyden/agents/evolve/model/operator_choice.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "leyden/agents/evolve/patterns/embedded_patterns.h"
#include "leyden/agents/evolve/selection/scenarios.h"
#include "leyden/base/clock.h"
#include "leyden/retrieval/chunk.h"
#include "leyden/retrieval/chunk_passage.h"

namespace leyden::evolve {
namespace {

std::vector<SelectedOperator> ranked(const Scenario& scenario, const OperatorGains& gains) {
  const std::vector<double> priors = priors_for(scenario, gains);
  const double sum = std::accumulate(priors.begin(), priors.begin() + kOperators, 0.0);
  std::vector<SelectedOperator> out;
  for (std::size_t i = 0; i < kOperators; ++i) {
    const std::string measured =
        gains.pulls[i] > 0 ? fmt::format("{:.4f} gained a try in {:.0f} tries of earlier runs",
                                         gains.gained[i] / gains.pulls[i], gains.pulls[i])
                           : std::string("not measured yet");
    out.push_back({.which = static_cast<Operator>(i),
                   .weight = priors[i] / sum,
                   .reason = fmt::format("prior {:.1f}; {}", scenario.priors[i], measured)});
  }
  std::ranges::sort(out, [](const SelectedOperator& one, const SelectedOperator& other) {
    return one.weight != other.weight ? one.weight > other.weight : one.which < other.which;
  });
  return out;
}

}  // namespace

Result<void> append_patterns(rag::TokenCachedRag& rag, rag::RetrievedContext& context,
                             const std::vector<Operator>& which, const std::string& tenant,
                             std::chrono::seconds ttl, std::stop_token stop) {
  std::vector<retrieval::Passage> passages;
  for (const EmbeddedPattern& pattern : embedded_patterns()) {
    const auto named =
        operator_named(std::string_view(pattern.name).substr(0, pattern.name.rfind('.')));
    if (!which.empty() && (!named || std::ranges::find(which, *named) == which.end())) continue;
    for (const retrieval::Chunk& chunk : retrieval::chunk(pattern.name, pattern.text, {}))
      passages.push_back(retrieval::passage_of("operators/" + pattern.name, pattern.text, chunk));
  }
  return rag.append_passages(
      context, passages,
      {.tenant = tenant, .agent = "evolve", .ttl = ttl, .stop = std::move(stop)});
}

Result<OperatorSelection> select_operators(rag::TokenCachedRag& rag,
                                           const tokenizer::Tokenizer& tokenizer,
                                           const OperatorRequest& request, std::stop_token stop) {
  if (request.scenario.empty()) return fail(Errc::invalid_argument, "--scenario is empty");
  if (request.count < 1 || request.count > kOperators)
    return fail(Errc::invalid_argument, "{} operators: there are {}", request.count, kOperators);
  const auto started = std::chrono::steady_clock::now();
  const ScenarioMatch match = scenario_for(request.scenario);
  const OperatorGains gains = gains_of_runs(request.runs, match.scenario->name);
  OperatorSelection out{.selected = ranked(*match.scenario, gains),
                        .scenario = match.scenario->name,
                        .reasoning = {},
                        .cache_stats = {},
                        .fallback = match.fallback};
  out.selected.resize(request.count);
  std::vector<Operator> which;
  which.reserve(out.selected.size());
  for (const SelectedOperator& one : out.selected) which.push_back(one.which);
  rag::RetrievedContext context;
  if (auto added = append_patterns(rag, context, which, request.tenant, request.ttl, stop); !added)
    return std::unexpected(added.error());
  out.reasoning = fmt::format("{}: {}; {} earlier runs measured it", match.scenario->name,
                              match.scenario->why, gains.runs);
  out.cache_hit = context.token_count > 0 && context.cached_tokens == context.token_count;
  out.pattern_tokens = context.token_count;
  out.context_tokens = tokenizer.encode(request.scenario).size();
  out.total_tokens = out.pattern_tokens + out.context_tokens;
  out.cache_stats = rag.stats();
  out.latency_ms = ms_between(started, std::chrono::steady_clock::now());
  return out;
}

}  // namespace leyden::evolve
