#include "leyden/rag/safetensors.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include <nlohmann/json.hpp>

#include "leyden/base/files.h"

namespace leyden::rag {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kHeaderBytesMax = 16 * MiB;

// IEEE 754 binary16.
float float_of_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1FU;
  const std::uint32_t mantissa = half & 0x3FFU;
  if (exponent == 0) {
    const float value = std::ldexp(static_cast<float>(mantissa), -24);
    return sign != 0 ? -value : value;
  }
  const std::uint32_t wide = exponent == 0x1F ? 0xFFU : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

struct Tensor {
  std::string type;
  std::size_t rows = 0;
  std::size_t columns = 0;
  BytesView bytes;
};

// Nothing: it is no matrix.
Result<std::optional<Tensor>> tensor_of(const Json& entry, BytesView data) {
  const auto malformed = [] { return fail(Errc::corrupt, "its header is malformed"); };
  const auto type = entry.find("dtype"), shape = entry.find("shape"),
             offsets = entry.find("data_offsets");
  if (type == entry.end() || !type->is_string() || shape == entry.end() || !shape->is_array() ||
      offsets == entry.end() || !offsets->is_array() || offsets->size() != 2) {
    return malformed();
  }
  for (const Json* list : {&*shape, &*offsets})
    for (const Json& number : *list)
      if (!number.is_number_unsigned()) return malformed();
  if (shape->size() != 2) return std::nullopt;
  const auto begin = (*offsets)[0].get<std::size_t>(), end = (*offsets)[1].get<std::size_t>();
  if (begin > end || end > data.size()) return malformed();
  return Tensor{.type = type->get<std::string>(),
                .rows = (*shape)[0].get<std::size_t>(),
                .columns = (*shape)[1].get<std::size_t>(),
                .bytes = data.subspan(begin, end - begin)};
}

template <class Stored, class Convert>
Result<void> convert(const Tensor& tensor, Convert to_float, std::vector<float>& out) {
  const std::size_t count = tensor.bytes.size() / sizeof(Stored);
  if (tensor.rows == 0 || tensor.columns == 0 || count / tensor.columns != tensor.rows ||
      count % tensor.columns != 0 || count * sizeof(Stored) != tensor.bytes.size()) {
    return fail(Errc::corrupt, "its matrix has another size than its header says");
  }
  out.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    Stored stored;
    std::memcpy(&stored, tensor.bytes.data() + i * sizeof stored, sizeof stored);
    out[i] = to_float(stored);
    if (!std::isfinite(out[i])) return fail(Errc::corrupt, "a value of its matrix is no number");
  }
  return {};
}

}  // namespace

Result<Matrix> parse_safetensors_matrix(BytesView bytes) {
  std::uint64_t header_bytes = 0;
  if (bytes.size() < sizeof header_bytes) return fail(Errc::corrupt, "it is cut off");
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
  const BytesView rest = bytes.subspan(sizeof header_bytes);
  if (header_bytes > kHeaderBytesMax || header_bytes > rest.size())
    return fail(Errc::corrupt, "it is no safetensors file, or cut off");
  const Json header = Json::parse(as_text(rest.first(header_bytes)), nullptr, false);
  if (!header.is_object()) return fail(Errc::corrupt, "its header is no JSON object");
  std::optional<Tensor> matrix;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    auto tensor = tensor_of(entry, rest.subspan(header_bytes));
    if (!tensor) return std::unexpected(tensor.error());
    if (!*tensor) continue;
    if (matrix) return fail(Errc::unsupported, "it has several matrices");
    matrix = **tensor;
  }
  if (!matrix) return fail(Errc::unsupported, "it has no matrix");
  Matrix out{.rows = matrix->rows,
             .columns = matrix->columns,
             .values = {},
             .content = Hasher().field(bytes).finish()};
  Result<void> done;
  if (matrix->type == "F16") {
    done = convert<std::uint16_t>(*matrix, float_of_half, out.values);
  } else if (matrix->type == "F32") {
    done = convert<float>(*matrix, [](float value) { return value; }, out.values);
  } else {
    return fail(Errc::unsupported, "its matrix is of type {}: F16 and F32 are known",
                matrix->type.substr(0, 16));
  }
  if (!done) return std::unexpected(done.error());
  return out;
}

Result<Matrix> read_safetensors_matrix(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return std::unexpected(file.error());
  auto out = parse_safetensors_matrix(file->bytes());
  if (!out) return fail(out.error().code, "{}: {}", path.string(), out.error().message);
  return out;
}

}  // namespace leyden::rag
