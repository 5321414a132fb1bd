#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/operators/operators.h"
#include "leyden/rag/token_cached_rag.h"

namespace leyden::evolve {

struct SelectedOperator {
  Operator which{};
  double weight = 0;  // Its share, of 1.
  std::string reason;
};

// Which operators a scenario calls for, with their patterns as token IDs.
struct OperatorSelection {
  std::vector<SelectedOperator> selected;  // The best first.
  std::string agent_name = "evolve";
  std::string scenario;
  std::string reasoning;
  bool cache_hit = false;          // Every pattern's IDs came from the cache.
  std::size_t context_tokens = 0;  // Of the scenario's text.
  std::size_t pattern_tokens = 0;
  std::size_t total_tokens = 0;
  double latency_ms = 0;
  cache::CacheStats cache_stats;
  bool fallback = false;  // The scenario's words are not known: the general one was taken.
};

struct OperatorRequest {
  std::string scenario;            // A name of scenarios(), or a description.
  std::size_t count = kOperators;  // Of operators wanted.
  std::filesystem::path runs;      // Where earlier runs lie; what they measured moves the choice.
  std::string tenant = "default";
  std::chrono::seconds ttl{0};
};

// Errors: invalid_argument (an empty scenario, a count that is none), the cache's.
[[nodiscard]] Result<OperatorSelection> select_operators(rag::TokenCachedRag& rag,
                                                         const tokenizer::Tokenizer& tokenizer,
                                                         const OperatorRequest& request,
                                                         std::stop_token stop);

// The patterns of these operators, behind what the context has. Every operator's where none are named.
[[nodiscard]] Result<void> append_patterns(rag::TokenCachedRag& rag, rag::RetrievedContext& context,
                                           const std::vector<Operator>& which,
                                           const std::string& tenant, std::chrono::seconds ttl,
                                           std::stop_token stop);

}  // namespace leyden::evolve
