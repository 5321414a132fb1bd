// Compiled with -mavx2 -mbmi -mbmi2 -mlzcnt (CMakeLists.txt); called only where the processor has them.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "leyden/tokenizer/engine/kernel.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer::engine {
namespace {

constexpr unsigned kPagesAtOnce = 4;

#include "leyden/tokenizer/engine/kernel.inl"
#include "leyden/tokenizer/engine/kernel_x86.inl"

struct Bytes {
  __m256i a;
  __m256i b;

  explicit Bytes(const char* text)
      : a(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text))),
        b(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 32))) {}

  static u64 bits(__m256i low, __m256i high) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
           static_cast<u64>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
  }
  u64 equal(char c) const {
    const __m256i value = _mm256_set1_epi8(c);
    return bits(_mm256_cmpeq_epi8(a, value), _mm256_cmpeq_epi8(b, value));
  }
  // Bytes are moved so that `low` is the least signed value.
  u64 within(char low, int count) const {
    const __m256i shift = _mm256_set1_epi8(static_cast<char>(0x80 - low));
    const __m256i end = _mm256_set1_epi8(static_cast<char>(-128 + count));
    return bits(_mm256_cmpgt_epi8(end, _mm256_add_epi8(a, shift)),
                _mm256_cmpgt_epi8(end, _mm256_add_epi8(b, shift)));
  }
  u64 letters() const {
    const __m256i to_lower = _mm256_set1_epi8(0x20);
    const __m256i shift = _mm256_set1_epi8(static_cast<char>(0x80 - 'a'));
    const __m256i end = _mm256_set1_epi8(-128 + 26);
    auto of = [&](__m256i bytes) {
      return _mm256_cmpgt_epi8(end, _mm256_add_epi8(_mm256_or_si256(bytes, to_lower), shift));
    };
    return bits(of(a), of(b));
  }
  u64 low_bits_in(u64 set) const {
    const __m256i rows = _mm256_set1_epi64x(static_cast<long long>(set));
    const __m256i columns = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201));
    const __m256i low = _mm256_set1_epi8(7);
    auto of = [&](__m256i bytes) {
      const __m256i row = _mm256_and_si256(_mm256_srli_epi16(bytes, 3), low);
      const __m256i column = _mm256_shuffle_epi8(columns, _mm256_and_si256(bytes, low));
      return _mm256_cmpeq_epi8(_mm256_and_si256(_mm256_shuffle_epi8(rows, row), column), column);
    };
    return bits(of(a), of(b));
  }
  u64 non_ascii() const { return bits(a, b); }
};

template <Cut kCut>
inline Block load_block(const char* text) {
  return block_of<kCut>(Bytes(text));
}

inline u64 equal_bytes(const char* text, char c) { return Bytes(text).equal(c); }
inline u64 low_bits_in(const char* text, u64 set) { return Bytes(text).low_bits_in(set); }

}  // namespace

extern const Kernel kAvx2Kernel;
const Kernel kAvx2Kernel = {.encode = encode_any, .scan = scan_any};

}  // namespace leyden::tokenizer::engine
