#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "leyden/llm/http/embeddings.h"
#include "leyden/retrieval/embedder.h"

namespace leyden::rag {

struct HttpEmbedderOptions {
  // What some models want before a text, such as "query: " and "passage: " (E5) or "search_query: " (nomic).
  std::string query_prefix;
  std::string passage_prefix;
};

// An index's embedder over a model server. Thread-safe.
class HttpEmbedder final : public retrieval::Embedder {
 public:
  // Asks the server for one vector, to know how many dimensions its model has. Errors: those of EmbeddingsClient::embed().
  [[nodiscard]] static Result<std::unique_ptr<HttpEmbedder>> open(
      std::unique_ptr<llm::EmbeddingsClient> client, HttpEmbedderOptions options,
      Deadline deadline);

  // Of the model's name, not of the server's: another server with the same model gives the same vectors.
  const std::string& space() const override { return space_; }
  std::size_t dimensions() const override { return dimensions_; }
  Result<std::vector<retrieval::Vector>> embed(std::span<const std::string_view> texts,
                                               retrieval::TextRole role,
                                               Deadline deadline) override;

 private:
  HttpEmbedder(std::unique_ptr<llm::EmbeddingsClient> client, HttpEmbedderOptions options)
      : client_(std::move(client)), options_(std::move(options)) {}

  std::unique_ptr<llm::EmbeddingsClient> client_;
  HttpEmbedderOptions options_;
  std::string space_;
  std::size_t dimensions_ = 0;
};

}  // namespace leyden::rag
