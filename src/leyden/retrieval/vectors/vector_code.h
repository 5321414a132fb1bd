#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "leyden/base/bytes.h"

namespace leyden::retrieval {

// A vector as an index keeps it: a scale (float32, little-endian) and an int8 for each dimension, zeros up to a multiple of 4 bytes. A
// quarter of float32's size; what that costs in recall leyden_bench_vectors tells.
inline constexpr std::size_t kVectorDimensionsMax = 8192;  // Sums of products stay below 2^31.

[[nodiscard]] constexpr std::size_t code_bytes(std::size_t dimensions) {
  return sizeof(float) + (dimensions + 3) / 4 * 4;
}

// `code` has code_bytes(vector.size()). A value that is not finite is taken for 0.
void encode_vector(std::span<const float> vector, std::byte* code);

// Whether it is one of so many dimensions, as far as can be seen: its size, and a scale that is a number.
[[nodiscard]] bool is_vector_code(BytesView code, std::size_t dimensions);

// A vector that is compared with many codes: in 12 bits, so that what is lost is lost in the codes. const, so safe to share.
class QueryCode {
 public:
  explicit QueryCode(std::span<const float> vector);
  // Of a code of as many dimensions.
  [[nodiscard]] float inner_product(const std::byte* code) const;

 private:
  float scale_ = 0;
  std::vector<std::int16_t> values_;  // Zeros up to a multiple of 4.
};

// Of two codes of `bytes` each.
[[nodiscard]] float inner_product(const std::byte* a, const std::byte* b, std::size_t bytes);

}  // namespace leyden::retrieval
