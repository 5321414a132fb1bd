#include "leyden/cli/session.h"

#include <algorithm>

#include "leyden/base/secret.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cli/model_store.h"
#include "leyden/cli/terminal.h"

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

Result<std::unique_ptr<cache::Store>> open_store(const Settings& settings, const Clock& clock) {
  if (!settings.redis_url)
    return cache::LmdbStore::open({.folder = settings.store_folder()}, clock);
  auto options = cache::RedisStoreOptions::from_url(*settings.redis_url);
  if (!options) return fail(options.error().code, "REDIS_URL: {}", options.error().message);
  return cache::RedisStore::open(*options, clock);
}

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
    const Settings& settings, std::shared_ptr<const tokenizer::Tokenizer> tokenizer) {
  std::unique_ptr<Session> session(new Session());
  session->tokenizer_ = std::move(tokenizer);
  auto secret = load_or_create_secret(settings.secret_file);
  if (!secret) return std::unexpected(secret.error());
  auto index = retrieval::open_sqlite_index({.file = settings.index_file(), .read_only = true});
  if (!index) return std::unexpected(index.error());
  session->index_ = *std::move(index);
  auto memory =
      cache::MemoryTier::make({.capacity_bytes = settings.cache_budget_mb * MiB}, session->clock_);
  if (!memory) return std::unexpected(memory.error());
  session->memory_ = *std::move(memory);
  std::string degraded;
  cache::TokenCacheOptions options{.store_reads = settings.store_reads};
  auto store = open_store(settings, session->clock_);
  if (store) {
    session->store_ = *std::move(store);
    // Others may be able to write to a server.
    if (settings.redis_url) options.integrity = cache::Integrity::keyed(*secret);
  } else if (store.error().code == Errc::invalid_argument) {
    return std::unexpected(store.error());
  } else {
    degraded = "the token store is left out: " + store.error().message;
    print_warning(degraded);
  }
  session->cache_ = std::make_unique<cache::TokenCache>(*session->memory_, session->store_.get(),
                                                        session->clock_, options);
  session->rag_ = std::make_unique<rag::TokenCachedRag>(
      *session->index_, *session->cache_, *session->tokenizer_, session->clock_,
      rag::RagOptions{.secret = *secret, .system_prompt = {}, .degraded_reason = degraded});
  return session;
}

Session::~Session() {
  // What was tokenized reaches the store before the process ends: the next one shall find it.
  if (cache_) (void)cache_->flush(Deadline::after(std::chrono::seconds(5)));
}

}  // namespace leyden::cli
