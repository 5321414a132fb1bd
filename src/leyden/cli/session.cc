#include "leyden/cli/session.h"

#include <algorithm>

#include "leyden/cli/known_tokenizers.h"
#include "leyden/cli/model_store.h"
#include "leyden/cli/open_index.h"

namespace leyden::cli {

tokenizer::LoadOptions load_options(const Settings& settings) {
  return settings.simd ? tokenizer::LoadOptions{.isa = *settings.simd} : tokenizer::LoadOptions{};
}

namespace {

struct NamedFile {
  std::filesystem::path file;
  std::string name;
};

Result<NamedFile> find_tokenizer(const Settings& settings,
                                 const std::optional<std::string>& choice) {
  std::optional<std::string> name = choice ? choice : settings.tokenizer;
  auto models = ModelStore::open({.folder = settings.models_folder()});
  if (!models) return std::unexpected(models.error());
  if (!name) {
    if (settings.model) {
      name = settings.model;
    } else {
      name = models->resolve(kDefaultModel) ? std::string(kDefaultModel) : "o200k_base";
    }
  }
  // Encodings whose rank file is known; some share one.
  constexpr std::pair<std::string_view, std::string_view> kEncodings[] = {
      {"cl100k_base", "cl100k_base"}, {"o200k_base", "o200k_base"}, {"o200k_harmony", "o200k_base"},
      {"r50k_base", "r50k_base"},     {"p50k_base", "p50k_base"},   {"p50k_edit", "p50k_base"},
      {"gpt2", "r50k_base"},          {"llama3", "llama3"},         {"llama4", "llama4"}};
  for (const auto& [encoding, ranks] : kEncodings) {
    if (*name != encoding) continue;
    auto file = settings.tokenizers_folder() / (std::string(ranks) + ".tiktoken");
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
      return fail(Errc::not_found, "the tokenizer {} is not in {}: ./dev setup brings it", *name,
                  file.parent_path().string());
    }
    return NamedFile{file, *name};
  }
  auto entries = models->list();
  bool catalogued = std::ranges::find(entries, *name, &ModelEntry::name) != entries.end();
  if (catalogued || std::filesystem::exists(*name)) {
    auto file = catalogued ? models->resolve(*name) : Result<std::filesystem::path>(*name);
    if (!file) return std::unexpected(file.error());
    return NamedFile{*file, catalogued ? *name : file->filename().string()};
  }
  return fail(
      Errc::not_found,
      "no tokenizer \"{}\": name cl100k_base, o200k_base, llama3, a model of `leyden model list`, "
      "or a tokenizer.json, .tiktoken, SentencePiece .model or GGUF file, or an image of one",
      *name);
}

}  // namespace

Result<std::shared_ptr<const tokenizer::Tokenizer>> open_tokenizer(
    const Settings& settings, const std::optional<std::string>& choice) {
  auto found = find_tokenizer(settings, choice);
  if (!found) return std::unexpected(found.error());
  return tokenizer::load_tokenizer(found->file, found->name, load_options(settings));
}

Result<tokenizer::TokenizerSpec> open_tokenizer_spec(const Settings& settings,
                                                     const std::string& choice) {
  auto found = find_tokenizer(settings, choice);
  if (!found) return std::unexpected(found.error());
  return tokenizer::load_spec(found->file, found->name);
}

Result<std::unique_ptr<Session>> Session::open(
    const Settings& settings, std::shared_ptr<const tokenizer::Tokenizer> tokenizer,
    const std::string& command, rag::RagOptions options) {
  std::unique_ptr<Session> session(new Session());
  session->tokenizer_ = std::move(tokenizer);
  session->embedder_ = embedder_or_why_none(settings);
  auto index = open_index(settings, true, session->embedder_);
  if (!index) return std::unexpected(index.error());
  session->index_ = *std::move(index);
  auto cache = CacheSession::open(settings, command, CacheSession::Store::if_there);
  if (!cache) return std::unexpected(cache.error());
  session->cache_ = *std::move(cache);
  remember_tokenizer(settings, *session->tokenizer_);
  options.secret = session->cache_->secret();
  options.degraded_reason = session->cache_->degraded();
  session->rag_ = std::make_unique<rag::TokenCachedRag>(
      *session->index_, session->cache_->cache(), *session->tokenizer_, session->cache_->clock(),
      std::move(options));
  return session;
}

}  // namespace leyden::cli
