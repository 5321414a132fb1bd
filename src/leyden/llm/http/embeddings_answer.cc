#include <cmath>
#include <cstring>

#include <openssl/evp.h>
#include <simdjson.h>

#include "leyden/llm/http/embeddings.h"

namespace leyden::llm {
namespace {

constexpr std::size_t kDimensionsMax = 65'536;

// float32, little-endian, in base64.
std::optional<std::vector<float>> floats_of(std::string_view base64) {
  const std::size_t bytes = base64.size() / 4 * 3;
  if (base64.empty() || base64.size() % 4 != 0 || bytes > kDimensionsMax * sizeof(float) + 3)
    return std::nullopt;
  std::vector<unsigned char> decoded(bytes);
  const int size =
      EVP_DecodeBlock(decoded.data(), reinterpret_cast<const unsigned char*>(base64.data()),
                      static_cast<int>(base64.size()));
  const std::size_t padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
  if (size < 0 || static_cast<std::size_t>(size) != bytes || (bytes - padding) % sizeof(float) != 0)
    return std::nullopt;
  std::vector<float> out((bytes - padding) / sizeof(float));
  std::memcpy(out.data(), decoded.data(), out.size() * sizeof(float));
  return out;
}

std::optional<std::vector<float>> floats_of(const simdjson::dom::array& numbers) {
  std::vector<float> out;
  for (const auto each : numbers) {
    double number = 0;
    if (each.get(number) != simdjson::SUCCESS || out.size() == kDimensionsMax) return std::nullopt;
    out.push_back(static_cast<float>(number));
  }
  return out;
}

std::optional<std::vector<float>> vector_of(const simdjson::dom::object& item) {
  std::string_view text;
  simdjson::dom::array numbers;
  std::optional<std::vector<float>> out;
  if (item["embedding"].get(text) == simdjson::SUCCESS) out = floats_of(text);
  if (item["embedding"].get(numbers) == simdjson::SUCCESS) out = floats_of(numbers);
  if (!out || out->empty()) return std::nullopt;
  for (const float value : *out)
    if (!std::isfinite(value)) return std::nullopt;
  return out;
}

}  // namespace

Result<std::vector<std::vector<float>>> parse_embeddings(std::string_view json, std::size_t count) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::array data;
  if (json.empty() || parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS ||
      document["data"].get(data) != simdjson::SUCCESS) {
    return fail(Errc::corrupt, "answers with something else than embeddings");
  }
  if (data.size() != count)
    return fail(Errc::corrupt, "answers with {} embeddings for {} texts", data.size(), count);
  std::vector<std::vector<float>> out(count);
  std::size_t place = 0;
  for (const auto each : data) {
    simdjson::dom::object item;
    if (each.get(item) != simdjson::SUCCESS)
      return fail(Errc::corrupt, "answers with something else than embeddings");
    // Those that leave the index out keep the order.
    std::uint64_t index = place++;
    simdjson::dom::element said;
    if (item["index"].get(said) == simdjson::SUCCESS && said.get(index) != simdjson::SUCCESS)
      return fail(Errc::corrupt, "answers with an embedding whose index is no number");
    if (index >= count || !out[index].empty())
      return fail(Errc::corrupt,
                  "answers with embeddings whose indexes are not those of the texts");
    auto vector = vector_of(item);
    if (!vector)
      return fail(Errc::corrupt, "answers with an embedding that is no list of finite numbers");
    out[index] = *std::move(vector);
  }
  for (const auto& vector : out) {
    if (vector.size() != out.front().size()) {
      return fail(Errc::corrupt, "answers with embeddings of {} and of {} dimensions",
                  out.front().size(), vector.size());
    }
  }
  return out;
}

}  // namespace leyden::llm
