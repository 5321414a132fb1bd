#include "leyden/cli/embedders.h"

#include <cstdlib>

#include "leyden/cli/model_store.h"
#include "leyden/llm/http/embeddings.h"
#include "leyden/rag/http_embedder.h"
#include "leyden/rag/static_embedder.h"

namespace leyden::cli {
namespace {

Result<OpenedEmbedder> open_over_http(const EmbeddingSettings& from, Deadline deadline) {
  llm::EmbeddingsOptions options;
  options.url = from.url;
  options.model = from.model;
  options.api_key = from.api_key;
  options.dimensions = from.dimensions;
  options.batch_texts = from.batch_texts;
  options.answer_timeout = std::chrono::milliseconds(from.timeout_ms);
  options.environment = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  OpenedEmbedder out;
  out.thread = std::make_unique<net::IoThread>();
  auto client = llm::EmbeddingsClient::open(*out.thread, std::move(options));
  if (!client) return std::unexpected(client.error());
  auto embedder = rag::HttpEmbedder::open(
      *std::move(client),
      {.query_prefix = from.query_prefix, .passage_prefix = from.passage_prefix}, deadline);
  if (!embedder) return std::unexpected(embedder.error());
  out.embedder = *std::move(embedder);
  return out;
}

Result<OpenedEmbedder> open_static(const Settings& settings) {
  auto models = ModelStore::open({.folder = settings.models_folder()});
  if (!models) return std::unexpected(models.error());
  const std::string& name = settings.embedding.static_model;
  auto files = models->resolve_embedding(name);
  if (!files) return std::unexpected(files.error());
  auto embedder = rag::StaticEmbedder::open(
      {.weights = files->weights, .tokenizer = files->tokenizer, .name = name});
  if (!embedder) return std::unexpected(embedder.error());
  OpenedEmbedder out;
  out.embedder = *std::move(embedder);
  return out;
}

}  // namespace

Result<OpenedEmbedder> open_embedder(const Settings& settings, Deadline deadline) {
  const EmbeddingSettings& embedding = settings.embedding;
  if (!embedding.url.empty() && !embedding.static_model.empty()) {
    return fail(Errc::invalid_argument,
                "embedding.url and embedding.static are both set: vectors come from one of them");
  }
  if (!embedding.url.empty()) return open_over_http(embedding, deadline);
  if (!embedding.static_model.empty()) return open_static(settings);
  OpenedEmbedder none;
  none.why_none =
      "no embeddings are configured: set LEYDEN_EMBEDDING_URL, or run `leyden model get "
      "wordllama-256` and set LEYDEN_EMBEDDING_STATIC=wordllama-256";
  return none;
}

OpenedEmbedder embedder_or_why_none(const Settings& settings) {
  auto opened = open_embedder(settings, Deadline::after(std::chrono::seconds(5)));
  if (opened) return *std::move(opened);
  OpenedEmbedder none;
  none.why_none = opened.error().message;
  return none;
}

}  // namespace leyden::cli
