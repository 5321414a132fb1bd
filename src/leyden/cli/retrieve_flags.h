#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "leyden/cli/commands.h"
#include "leyden/rag/token_cached_rag.h"

namespace leyden::cli {

// The flags that `retrieve` and `ask` share; what was not typed comes from the settings.
struct RetrieveFlags {
  std::optional<std::size_t> top_k;
  std::optional<std::size_t> max_context_tokens;
  std::string collection;
  std::string tenant;
  std::optional<std::string> order;
  bool best_last = false;
  retrieval::Filter filter;
  std::string ranking = "best";
  bool verify = false;

  void add_to(CLI::App& command);
  // `agent`: what the statistics call who asks.
  [[nodiscard]] rag::RetrieveRequest request(const std::string& query, const std::string& agent,
                                             const Context& context) const;
};

// As the manual (README) lists its fields. Token IDs are included.
[[nodiscard]] nlohmann::json to_json(const rag::RetrievedContext& context);
[[nodiscard]] nlohmann::json to_json(const cache::LookupStats& stats);
[[nodiscard]] nlohmann::json to_json(const std::vector<cache::NamedLookupStats>& stats);
[[nodiscard]] nlohmann::json to_json(const cache::CacheStats& stats);

// One line; text that is not UTF-8 is made so.
[[nodiscard]] std::string json_line(const nlohmann::json& value);

// "docs/a.md:3-9 (512 tokens, from the cache)" for each passage.
[[nodiscard]] std::string describe_documents(const rag::RetrievedContext& context);

}  // namespace leyden::cli
