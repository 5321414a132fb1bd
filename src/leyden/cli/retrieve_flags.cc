#include "leyden/cli/retrieve_flags.h"

namespace leyden::cli {

using nlohmann::json;

void RetrieveFlags::add_to(CLI::App& command) {
  command.add_option("--top-k", top_k, "How many passages at most [default: 5]")
      ->check(CLI::Range(1, 1000));
  command
      .add_option("--max-context-tokens", max_context_tokens,
                  "How many tokens of passages at most [default: 2048]")
      ->check(CLI::Range(1, 10'000'000));
  command.add_option("--collection", collection, "Where to look [default: default]");
  command.add_option("--tenant", tenant, "Whose documents [default: default]");
  command
      .add_option("--path", filter.paths,
                  "Only these documents: a name, a folder that ends with '/', or a pattern with * "
                  "and ?; may be repeated")
      ->allow_extra_args(false);
  command
      .add_option("--language", filter.languages,
                  "Only documents in these languages, such as cpp, python or markdown; may be "
                  "repeated")
      ->allow_extra_args(false);
  command
      .add_option(
          "--ranking", ranking,
          "How passages are found: by words, by vectors, fused (both), or best: fused where "
          "the index has vectors, else by words")
      ->capture_default_str()
      ->check(CLI::IsMember({"best", "words", "vectors", "fused"}));
  command
      .add_option(
          "--order", order,
          "How passages stand: ranked (best first), stable (popular first) or prefix (as a "
          "model server has most of them in its prefix cache) [default: prefix where a model "
          "is asked, else ranked]")
      ->check(CLI::IsMember({"ranked", "stable", "prefix"}));
  command.add_flag("--best-last", best_last, "The top-ranked passage next to the question");
  command.add_flag("--verify", verify, "Encode the whole context anew and compare");
}

rag::RetrieveRequest RetrieveFlags::request(const std::string& query, const std::string& agent,
                                            const Context& context) const {
  const Settings& settings = context.settings;
  rag::RetrieveRequest request;
  request.query = query;
  request.top_k = top_k.value_or(settings.top_k);
  request.max_context_tokens = max_context_tokens.value_or(settings.max_context_tokens);
  request.scope.tenant = tenant.empty() ? settings.tenant : tenant;
  request.scope.collection = collection.empty() ? settings.collection : collection;
  if (order) request.order = prompt::passage_order(*order);
  request.best_last = best_last;
  request.filter = filter;
  for (const auto each : {retrieval::Ranking::best, retrieval::Ranking::words,
                          retrieval::Ranking::vectors, retrieval::Ranking::fused}) {
    if (retrieval::to_string(each) == ranking) request.ranking = each;
  }
  request.verify = verify;
  request.agent = agent;
  request.ttl = settings.ttl_of(agent, request.scope.collection);
  request.stop = context.stop;
  return request;
}

namespace {

json to_json(const std::vector<rag::ContextDocument>& documents) {
  json out = json::array();
  for (const rag::ContextDocument& document : documents) {
    out.push_back({{"id", document.id},
                   {"first_line", document.first_line},
                   {"last_line", document.last_line},
                   {"rank", document.rank},
                   {"score", document.score},
                   {"token_count", document.token_count},
                   {"cached", document.cached}});
  }
  return out;
}

json to_json(const telemetry::LatencySummary& latency) {
  return {{"avg", latency.avg_ms},
          {"p50", latency.p50_ms},
          {"p95", latency.p95_ms},
          {"p99", latency.p99_ms},
          {"max", latency.max_ms}};
}

}  // namespace

json to_json(const rag::RetrievedContext& context) {
  return {{"token_ids", context.token_ids},
          {"cache_hit", context.cache_hit},
          {"cached_tokens", context.cached_tokens},
          {"doc_count", context.doc_count},
          {"token_count", context.token_count},
          {"truncated", context.truncated},
          {"outcome", rag::to_string(context.outcome)},
          {"degraded_reason", context.degraded_reason},
          {"order", prompt::to_string(context.order)},
          {"ranking", retrieval::to_string(context.ranking)},
          {"why_no_vectors", context.why_no_vectors},
          {"documents", to_json(context.documents)},
          {"dropped", to_json(context.dropped)},
          {"timings_ms",
           {{"search", context.timings.search_ms},
            {"tokens", context.timings.tokens_ms},
            {"total", context.timings.total_ms}}}};
}

json to_json(const cache::LookupStats& stats) {
  return {{"lookups", stats.lookups},
          {"hits", stats.hits},
          {"hits_memory", stats.hits_memory},
          {"hits_store", stats.hits_store},
          {"misses", stats.misses},
          {"coalesced", stats.coalesced},
          {"bypassed", stats.bypassed},
          {"errors", stats.errors},
          {"corruptions", stats.corruptions},
          {"failures", stats.failures},
          {"hit_rate", stats.hit_rate},
          {"avg_hit_latency_ms", stats.avg_hit_latency_ms},
          {"avg_miss_latency_ms", stats.avg_miss_latency_ms},
          {"hit_latency_ms", to_json(stats.hit_latency)},
          {"memory_hit_latency_ms", to_json(stats.memory_hit_latency)},
          {"store_hit_latency_ms", to_json(stats.store_hit_latency)},
          {"miss_latency_ms", to_json(stats.miss_latency)}};
}

json to_json(const std::vector<cache::NamedLookupStats>& stats) {
  json out = json::object();
  for (const auto& [name, counts] : stats) out[name] = to_json(counts);
  return out;
}

json to_json(const cache::CacheStats& stats) {
  json out = to_json(static_cast<const cache::LookupStats&>(stats));
  out.update({{"total_tokens_cached", stats.total_tokens_cached},
              {"cache_size_mb", stats.cache_size_mb},
              {"memory_usage_mb", stats.memory_usage_mb},
              {"peak_memory_mb", stats.peak_memory_mb},
              {"memory_entries", stats.memory.entries},
              {"memory_expired", stats.memory.expired},
              {"store_entries", stats.store_entries},
              {"store_size_mb", stats.store_size_mb},
              {"evictions", stats.evictions},
              {"writes_dropped", stats.writes_dropped},
              {"warm_up", to_json(stats.warm_up)},
              {"agents", to_json(stats.agents)},
              {"tenants", to_json(stats.tenants)}});
  return out;
}

std::string json_line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string describe_documents(const rag::RetrievedContext& context) {
  std::string out;
  for (const rag::ContextDocument& document : context.documents) {
    out += fmt::format("  {}:{}-{} ({} tokens, {})\n", document.id, document.first_line,
                       document.last_line, document.token_count,
                       document.cached ? "from the cache" : "tokenized now");
  }
  for (const rag::ContextDocument& document : context.dropped) {
    out += fmt::format("  {}:{}-{} ({} tokens, left out: over the budget)\n", document.id,
                       document.first_line, document.last_line, document.token_count);
  }
  return out;
}

}  // namespace leyden::cli
