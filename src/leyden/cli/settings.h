#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/cache/cost_model.h"
#include "leyden/llm/http/server_kind.h"
#include "leyden/net/http.h"
#include "leyden/tokenizer/engine/isa.h"

namespace leyden::cli {

// What one tenant has of the cache, in memory.
struct TenantSettings {
  std::size_t quota_mb = 0;  // 0: no bound but the budget.
  std::size_t guarantee_mb = 0;
};

// Model servers over HTTP: [llm]. docs/model-servers.md.
struct LlmSettings {
  std::vector<std::string> urls;  // Empty: the model runs in this process.
  std::optional<llm::ServerKind> kind;
  std::string model;
  std::string api_key;
  std::vector<net::HttpField> headers;
  std::filesystem::path ca_file;
  std::filesystem::path certificate_file;
  std::filesystem::path key_file;
  std::size_t context_tokens = 0;
  bool allow_text = true;
  bool check_tokenizer = true;
  std::size_t connect_timeout_ms = 5'000;
  std::size_t first_token_timeout_ms = 120'000;
  std::size_t idle_timeout_ms = 60'000;
  std::size_t connections_max = 256;
  // Of a million tokens, in a currency of the user's; 0: not known.
  double price_in = 0;
  double price_out = 0;
};

// What makes vectors of passages and questions: [embedding]. A server, or a small model in this process; neither: there are none.
struct EmbeddingSettings {
  std::string url;  // Empty: no server.
  std::string model;
  std::string api_key;
  std::size_t dimensions = 0;  // Asked for; 0: the model's own.
  std::string query_prefix;
  std::string passage_prefix;
  std::size_t batch_texts = 64;
  std::size_t timeout_ms = 120'000;
  std::string static_model;  // embedding.static
};

// What was not typed as a flag: environment (LEYDEN_*) over leyden.toml (working folder, then $XDG_CONFIG_HOME/leyden) over
// defaults. Read once, in main. docs/configuration.md is the manual.
struct Settings {
  std::filesystem::path data_folder;   // $XDG_DATA_HOME/leyden: index, token cache, secret.
  std::filesystem::path cache_folder;  // $XDG_CACHE_HOME/leyden: models, tokenizers.
  std::filesystem::path secret_file;   // LEYDEN_SECRET_FILE, else <data>/secret.
  std::optional<std::string> model;
  std::optional<std::string> tokenizer;
  std::string tenant = "default";
  std::string collection = "default";
  std::size_t top_k = 5;
  std::size_t max_context_tokens = 2048;
  std::optional<tokenizer::engine::Isa> simd;  // Unset: the best that the processor has.
  std::optional<std::string> index_url;        // PostgreSQL; else the file in the data folder.

  // The token cache. MB are MiB.
  std::size_t cache_budget_mb = 100;
  std::size_t cache_ttl_s = 24 * 3600;
  std::size_t cache_negative_ttl_s = 2;
  std::size_t encode_threads = 0;
  std::size_t lease_from_kb = 0;
  std::optional<std::string> redis_url;  // Else the embedded store.
  std::size_t store_budget_mb = 1024;
  std::size_t store_tenant_quota_mb = 0;
  std::size_t store_timeout_ms = 250;
  std::size_t store_queue_mb = 8;
  cache::StoreReads store_reads = cache::StoreReads::by_cost;

  LlmSettings llm;
  EmbeddingSettings embedding;

  TenantSettings every_tenant;                          // tenant_quota_mb, tenant_guarantee_mb.
  std::map<std::string, TenantSettings> tenants;        // [tenants.NAME]
  std::map<std::string, std::size_t> collection_ttl_s;  // [collections.NAME] ttl_s
  std::map<std::string, std::size_t> agent_ttl_s;       // [agents.NAME] ttl_s

  // How long what is tokenized for them is kept: the agent's, else the collection's, else 0, which is the cache's.
  [[nodiscard]] std::chrono::seconds ttl_of(const std::string& agent,
                                            const std::string& collection_name) const;

  [[nodiscard]] std::filesystem::path index_file() const { return data_folder / "index.sqlite"; }
  [[nodiscard]] std::filesystem::path sessions_file() const {
    return data_folder / "sessions.sqlite";
  }
  [[nodiscard]] std::filesystem::path store_folder() const { return data_folder / "tokens"; }
  [[nodiscard]] std::filesystem::path stats_folder() const { return data_folder / "stats"; }
  [[nodiscard]] std::filesystem::path models_folder() const { return cache_folder / "models"; }
  [[nodiscard]] std::filesystem::path tokenizers_folder() const {
    return cache_folder / "tokenizers";
  }
};

// Errors: invalid_argument, naming the file or variable, the bad key or value and the nearest known key.
[[nodiscard]] Result<Settings> read_settings();

// The names that leyden.toml may have at its top, tables included, and their environment variables (empty: none).
struct SettingName {
  std::string name;
  std::string variable;
};
[[nodiscard]] std::vector<SettingName> setting_names();

}  // namespace leyden::cli
