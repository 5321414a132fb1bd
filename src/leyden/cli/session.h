#pragma once

#include <memory>
#include <optional>
#include <string>

#include "leyden/cli/cache_session.h"
#include "leyden/cli/embedders.h"
#include "leyden/cli/settings.h"
#include "leyden/rag/token_cached_rag.h"
#include "leyden/retrieval/index.h"
#include "leyden/tokenizer/load.h"

namespace leyden::cli {

// The tokenizer that a name or a file means: cl100k_base, o200k_base, a model of the catalogue, a file. Without a choice: the
// configured model's, else the default model's when it is installed, else o200k_base.
// Errors: not_found, naming the tokenizers that there are and the command that brings a missing one.
[[nodiscard]] Result<std::shared_ptr<const tokenizer::Tokenizer>> open_tokenizer(
    const Settings& settings, const std::optional<std::string>& choice);

// How the settings want tokenizers loaded.
[[nodiscard]] tokenizer::LoadOptions load_options(const Settings& settings);

// The same tokenizer, as its file says it.
[[nodiscard]] Result<tokenizer::TokenizerSpec> open_tokenizer_spec(const Settings& settings,
                                                                   const std::string& choice);

// The parts that answer questions over the user's data folder, made and joined here.
class Session {
 public:
  // `command` is what the statistics call this process. Of `options` the secret and why the store is degraded are filled in. Errors: not_found when nothing is indexed yet; the secret's and the index's.
  [[nodiscard]] static Result<std::unique_ptr<Session>> open(
      const Settings& settings, std::shared_ptr<const tokenizer::Tokenizer> tokenizer,
      const std::string& command, rag::RagOptions options = {});

  [[nodiscard]] rag::TokenCachedRag& rag() { return *rag_; }

 private:
  Session() = default;
  // In the order in which they are made; each borrows from those above it.
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  OpenedEmbedder embedder_;
  std::unique_ptr<retrieval::Index> index_;
  std::unique_ptr<CacheSession> cache_;
  std::unique_ptr<rag::TokenCachedRag> rag_;
};

}  // namespace leyden::cli
