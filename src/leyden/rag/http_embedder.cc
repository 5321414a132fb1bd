#include "leyden/rag/http_embedder.h"

#include <cmath>
#include <utility>

namespace leyden::rag {
namespace {

// To length 1; what has none stays as it is.
void normalize(retrieval::Vector& vector) {
  double sum = 0;
  for (const float value : vector) sum += double{value} * double{value};
  if (sum == 0) return;
  const double length = std::sqrt(sum);
  for (float& value : vector) value = static_cast<float>(value / length);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

}  // namespace

Result<std::unique_ptr<HttpEmbedder>> HttpEmbedder::open(
    std::unique_ptr<llm::EmbeddingsClient> client, HttpEmbedderOptions options, Deadline deadline) {
  constexpr std::string_view kProbe = "dimensions";
  auto probe = client->embed(std::span(&kProbe, 1), deadline);
  if (!probe) return std::unexpected(probe.error());
  std::unique_ptr<HttpEmbedder> out(new HttpEmbedder(std::move(client), std::move(options)));
  out->dimensions_ = probe->front().size();
  // Lengths keep (a, bc) and (ab, c) apart.
  const std::string& model = out->client_->options().model;
  out->space_ = fmt::format("http {}:{} {} {}:{} {}:{}", model.size(), model, out->dimensions_,
                            out->options_.query_prefix.size(), out->options_.query_prefix,
                            out->options_.passage_prefix.size(), out->options_.passage_prefix);
  return out;
}

Result<std::vector<retrieval::Vector>> HttpEmbedder::embed(std::span<const std::string_view> texts,
                                                           retrieval::TextRole role,
                                                           Deadline deadline) {
  const std::string& prefix =
      role == retrieval::TextRole::query ? options_.query_prefix : options_.passage_prefix;
  std::vector<std::string> prefixed;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (is_blank(texts[i])) continue;  // Servers refuse it.
    prefixed.push_back(prefix + std::string(texts[i]));
    places.push_back(i);
  }
  const std::vector<std::string_view> views(prefixed.begin(), prefixed.end());
  auto vectors = client_->embed(views, deadline);
  if (!vectors) return std::unexpected(vectors.error());
  std::vector<retrieval::Vector> out(texts.size(), retrieval::Vector(dimensions_, 0.0F));
  for (std::size_t i = 0; i < vectors->size(); ++i) {
    retrieval::Vector& vector = (*vectors)[i];
    if (vector.size() != dimensions_) {
      return fail(
          Errc::corrupt,
          "the embedding server at {} answers with embeddings of {} dimensions where it had "
          "{}: has its model changed?",
          client_->label(), vector.size(), dimensions_);
    }
    normalize(vector);
    out[places[i]] = std::move(vector);
  }
  return out;
}

}  // namespace leyden::rag
