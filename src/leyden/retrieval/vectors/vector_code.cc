#include "leyden/retrieval/vectors/vector_code.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace leyden::retrieval {
namespace {

constexpr int kCodeMax = 127;
constexpr int kQueryMax = 2047;

// One loop, compiled for each kind of processor by the functions that it becomes part of.
template <class A>
[[gnu::always_inline]] inline std::int32_t dot(const A* a, const std::int8_t* b, std::size_t n) {
  std::int32_t sum = 0;
#if defined(__clang__)
// Else it takes registers of half the width.
#pragma clang loop vectorize_width(16) interleave_count(4)
#endif
  for (std::size_t i = 0; i < n; ++i) sum += std::int32_t{a[i]} * std::int32_t{b[i]};
  return sum;
}

template <class A>
std::int32_t dot_plain(const A* a, const std::int8_t* b, std::size_t n) {
  return dot(a, b, n);
}

template <class A>
using Dot = std::int32_t (*)(const A*, const std::int8_t*, std::size_t);

#if defined(__x86_64__)
template <class A>
[[gnu::target("avx2")]] std::int32_t dot_avx2(const A* a, const std::int8_t* b, std::size_t n) {
  return dot(a, b, n);
}
template <class A>
Dot<A> best_dot() {
  return __builtin_cpu_supports("avx2") ? dot_avx2<A> : dot_plain<A>;
}
#else
template <class A>
Dot<A> best_dot() {
  return dot_plain<A>;
}
#endif

const Dot<std::int8_t> kDotCodes = best_dot<std::int8_t>();
const Dot<std::int16_t> kDotQuery = best_dot<std::int16_t>();

float scale_of(const std::byte* code) {
  float scale = 0;
  std::memcpy(&scale, code, sizeof scale);
  return scale;
}

const std::int8_t* values_of(const std::byte* code) {
  return reinterpret_cast<const std::int8_t*>(code + sizeof(float));
}

float finite(float value) { return std::isfinite(value) ? value : 0.0F; }

// Writes each value as a whole number of at most `max`; what one is worth.
template <class T>
float quantize(std::span<const float> vector, int max, T* out) {
  float largest = 0;
  for (const float value : vector) largest = std::max(largest, std::abs(finite(value)));
  const float scale = largest / static_cast<float>(max);
  if (scale == 0) {
    std::fill_n(out, vector.size(), T{0});
    return 0;
  }
  // A scale near zero is itself rounded: hence the bounds.
  for (std::size_t i = 0; i < vector.size(); ++i)
    out[i] = static_cast<T>(std::clamp<long>(std::lround(finite(vector[i]) / scale), -max, max));
  return scale;
}

}  // namespace

void encode_vector(std::span<const float> vector, std::byte* code) {
  std::memset(code, 0, code_bytes(vector.size()));
  const float scale =
      quantize(vector, kCodeMax, reinterpret_cast<std::int8_t*>(code + sizeof(float)));
  std::memcpy(code, &scale, sizeof scale);
}

bool is_vector_code(BytesView code, std::size_t dimensions) {
  if (code.size() != code_bytes(dimensions)) return false;
  const float scale = scale_of(code.data());
  return std::isfinite(scale) && scale >= 0;
}

QueryCode::QueryCode(std::span<const float> vector)
    : values_(code_bytes(vector.size()) - sizeof(float)) {
  scale_ = quantize(vector, kQueryMax, values_.data());
}

float QueryCode::inner_product(const std::byte* code) const {
  return scale_ * scale_of(code) *
         static_cast<float>(kDotQuery(values_.data(), values_of(code), values_.size()));
}

float inner_product(const std::byte* a, const std::byte* b, std::size_t bytes) {
  return scale_of(a) * scale_of(b) *
         static_cast<float>(kDotCodes(values_of(a), values_of(b), bytes - sizeof(float)));
}

}  // namespace leyden::retrieval
