#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "leyden/base/result.h"
#include "leyden/cache/cost_model.h"
#include "leyden/tokenizer/engine/isa.h"

namespace leyden::cli {

// What was not typed as a flag: environment (LEYDEN_*) over leyden.toml (working folder, then $XDG_CONFIG_HOME/leyden) over
// defaults. Read once, in main.
struct Settings {
  std::filesystem::path data_folder;      // $XDG_DATA_HOME/leyden: index, token cache, secret.
  std::filesystem::path cache_folder;     // $XDG_CACHE_HOME/leyden: models, tokenizers.
  std::filesystem::path secret_file;      // LEYDEN_SECRET_FILE, else <data>/secret.
  std::optional<std::string> model;       // LEYDEN_MODEL, `model`: a catalogue name or a GGUF file.
  std::optional<std::string> tokenizer;   // LEYDEN_TOKENIZER, `tokenizer`: a name or a file.
  std::string tenant = "default";         // LEYDEN_TENANT, `tenant`.
  std::string collection = "default";     // LEYDEN_COLLECTION, `collection`.
  std::size_t top_k = 5;                  // LEYDEN_TOP_K, `top_k`.
  std::size_t max_context_tokens = 2048;  // LEYDEN_MAX_CONTEXT_TOKENS, `max_context_tokens`.
  std::size_t cache_budget_mb =
      100;  // LEYDEN_CACHE_BUDGET_MB, `cache_budget_mb`: the memory tier, MiB.

  std::optional<std::string>
      redis_url;  // REDIS_URL, `redis_url`: docs/redis.md. Else the embedded store.

  // LEYDEN_STORE_READS, `store_reads`: by_cost, always or never.
  cache::StoreReads store_reads = cache::StoreReads::by_cost;

  // LEYDEN_SIMD, `simd`: plain, avx2 or avx512; unset: the best that the processor has.
  std::optional<tokenizer::engine::Isa> simd;

  [[nodiscard]] std::filesystem::path index_file() const { return data_folder / "index.sqlite"; }
  [[nodiscard]] std::filesystem::path store_folder() const { return data_folder / "tokens"; }
  [[nodiscard]] std::filesystem::path stats_folder() const { return data_folder / "stats"; }
  [[nodiscard]] std::filesystem::path models_folder() const { return cache_folder / "models"; }
  [[nodiscard]] std::filesystem::path tokenizers_folder() const {
    return cache_folder / "tokenizers";
  }
};

// Errors: invalid_argument, naming the file or variable, the bad key or value and the nearest known key.
[[nodiscard]] Result<Settings> read_settings();

}  // namespace leyden::cli
