#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/digest.h"
#include "leyden/base/result.h"

namespace leyden::rag {

struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<float> values;  // Row by row; all finite.
  Digest content;             // Of the file's bytes.
};

// The only matrix of a safetensors file (huggingface/safetensors, README: a 64-bit length, a JSON header, the tensors' bytes), of float16 or
// float32. Errors: not_found, corrupt, unsupported (no matrix or several, other types).
[[nodiscard]] Result<Matrix> read_safetensors_matrix(const std::filesystem::path& path);
[[nodiscard]] Result<Matrix> parse_safetensors_matrix(BytesView bytes);

}  // namespace leyden::rag
