// Compiled with -mavx512bw -mavx512vl -mavx512vbmi -mavx2 -mbmi -mbmi2 -mlzcnt (CMakeLists.txt); called only where the processor has
// them.
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
  __m512i all;

  explicit Bytes(const char* text) : all(_mm512_loadu_si512(text)) {}

  u64 equal(char c) const { return _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(c)); }
  // Bytes are moved so that `low` is 0.
  u64 within(char low, int count) const {
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(all, _mm512_set1_epi8(low)),
                                  _mm512_set1_epi8(static_cast<char>(count)));
  }
  u64 letters() const {
    const __m512i lower = _mm512_or_si512(all, _mm512_set1_epi8(0x20));
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(lower, _mm512_set1_epi8('a')),
                                  _mm512_set1_epi8(26));
  }
  u64 low_bits_in(u64 set) const {
    const __m512i rows = _mm512_set1_epi64(static_cast<long long>(set));
    const __m512i columns = _mm512_set1_epi64(static_cast<long long>(0x8040201008040201));
    const __m512i low = _mm512_set1_epi8(7);
    const __m512i row = _mm512_and_si512(_mm512_srli_epi16(all, 3), low);
    const __m512i column = _mm512_shuffle_epi8(columns, _mm512_and_si512(all, low));
    return _mm512_test_epi8_mask(_mm512_shuffle_epi8(rows, row), column);
  }
  u64 non_ascii() const { return _mm512_movepi8_mask(all); }
};

template <Cut kCut>
inline Block load_block(const char* text) {
  return block_of<kCut>(Bytes(text));
}

inline u64 equal_bytes(const char* text, char c) { return Bytes(text).equal(c); }
inline u64 low_bits_in(const char* text, u64 set) { return Bytes(text).low_bits_in(set); }

}  // namespace

extern const Kernel kAvx512Kernel;
const Kernel kAvx512Kernel = {.encode = encode_any, .scan = scan_any};

}  // namespace leyden::tokenizer::engine
