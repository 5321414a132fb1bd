#include "leyden/rag/static_embedder.h"

#include <cmath>
#include <utility>

#include "leyden/rag/safetensors.h"
#include "leyden/tokenizer/load.h"

namespace leyden::rag {

Result<std::unique_ptr<StaticEmbedder>> StaticEmbedder::open(const StaticEmbedderFiles& files) {
  auto tokenizer = tokenizer::load_tokenizer(files.tokenizer, files.name);
  if (!tokenizer) return std::unexpected(tokenizer.error());
  auto matrix = read_safetensors_matrix(files.weights);
  if (!matrix) return std::unexpected(matrix.error());
  if (matrix->rows < (*tokenizer)->vocabulary_size()) {
    return fail(Errc::corrupt,
                "{} has vectors of {} tokens, and {} has {}: they don't belong together",
                files.weights.string(), matrix->rows, files.tokenizer.string(),
                (*tokenizer)->vocabulary_size());
  }
  std::unique_ptr<StaticEmbedder> out(new StaticEmbedder);
  out->tokenizer_ = *std::move(tokenizer);
  out->dimensions_ = matrix->columns;
  out->rows_ = matrix->rows;
  out->matrix_ = std::move(matrix->values);
  const Digest content = Hasher()
                             .field(std::string_view("mean of token vectors"))
                             .field(matrix->content)
                             .field(out->tokenizer_->fingerprint())
                             .finish();
  out->space_ =
      fmt::format("static {} {} {}", files.name, out->dimensions_, content.hex().substr(0, 32));
  return out;
}

Result<std::vector<retrieval::Vector>> StaticEmbedder::embed(
    std::span<const std::string_view> texts, retrieval::TextRole, Deadline deadline) {
  std::vector<retrieval::Vector> out;
  out.reserve(texts.size());
  TokenIds ids;
  for (const std::string_view text : texts) {
    if (deadline.passed()) return fail(Errc::timed_out, "the deadline passed while embedding");
    ids.clear();
    tokenizer_->encode_to(text, {}, ids);
    out.push_back(mean_of(ids));
  }
  return out;
}

// Its direction: the length of a mean says nothing.
retrieval::Vector StaticEmbedder::mean_of(TokenIdsView ids) const {
  retrieval::Vector sum(dimensions_, 0.0F);
  for (const TokenId id : ids) {
    if (id >= rows_) continue;
    const float* row = matrix_.data() + id * dimensions_;
    for (std::size_t i = 0; i < dimensions_; ++i) sum[i] += row[i];
  }
  double squares = 0;
  for (const float value : sum) squares += double{value} * double{value};
  if (squares == 0) return sum;
  const auto length = static_cast<float>(std::sqrt(squares));
  for (float& value : sum) value /= length;
  return sum;
}

}  // namespace leyden::rag
