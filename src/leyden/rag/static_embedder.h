#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "leyden/retrieval/embedder.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::rag {

struct StaticEmbedderFiles {
  std::filesystem::path
      weights;  // safetensors with one matrix: a row of float16 or float32 for each token.
  std::filesystem::path tokenizer;  // As load_tokenizer() reads it.
  std::string name;                 // For the space and for people.
};

// Vectors that are the mean of their tokens' (WordLlama and the like): no model runs, so it takes about as long as tokenizing. const after
// open, so thread-safe. A text is read whole; one without tokens is all zeros.
class StaticEmbedder final : public retrieval::Embedder {
 public:
  // Reads both files: the matrix takes 4 bytes for each of its values in memory. Errors: not_found, corrupt (a file that is none; a
  // matrix with fewer rows than the tokenizer has tokens; values that are no numbers), unsupported (other types).
  [[nodiscard]] static Result<std::unique_ptr<StaticEmbedder>> open(
      const StaticEmbedderFiles& files);

  // Of the files' content.
  const std::string& space() const override { return space_; }
  std::size_t dimensions() const override { return dimensions_; }
  // The mean of tokens knows no order: fused as an equal it made questions about code worse (docs/decisions/2026-11-26-retrieval.md).
  double ranking_weight() const override { return 0.1; }
  // Errors: timed_out, between one text and the next.
  Result<std::vector<retrieval::Vector>> embed(std::span<const std::string_view> texts,
                                               retrieval::TextRole role,
                                               Deadline deadline) override;

 private:
  StaticEmbedder() = default;
  [[nodiscard]] retrieval::Vector mean_of(TokenIdsView ids) const;

  std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  std::string space_;
  std::size_t dimensions_ = 0;
  std::size_t rows_ = 0;
  std::vector<float> matrix_;  // Row by row.
};

}  // namespace leyden::rag
