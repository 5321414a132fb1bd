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

#include "leyden/tokenizer/engine/kernel.inl"

template <Cut kCut>
inline Block load_block(const char* text) {
  const __m512i bytes = _mm512_loadu_si512(text);
  auto equal = [&](char c) -> u64 { return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(c)); };
  // low <= byte < low + count: moved so that `low` is 0.
  auto within = [&](char low, int count) -> u64 {
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8(low)),
                                  _mm512_set1_epi8(static_cast<char>(count)));
  };
  auto letters = [&]() -> u64 {
    const __m512i lower = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(lower, _mm512_set1_epi8('a')),
                                  _mm512_set1_epi8(26));
  };
  Block block;
  if constexpr (kCut == Cut::ascii_words) {
    block.blank = equal(' ');
    block.printable = within('!', 94);
    return block;
  }
  if constexpr (kCut == Cut::words) {
    block.blank = equal(' ');
    block.no_cut = equal('>') | equal('\x81');
    block.three = within('\xE0', 16);
    block.four = within('\xF0', 8);
    block.continuation = within('\x80', 64);
    block.symbol = ~(letters() | block.blank | _mm512_movepi8_mask(bytes));
    return block;
  }
  block.non_ascii = _mm512_movepi8_mask(bytes);
  if constexpr (kCut == Cut::o200k) {
    block.upper = within('A', 26);
    block.lower = within('a', 26);
    block.slash = equal('/');
  } else {
    block.other = letters();  // Case does not matter.
  }
  block.number = within('0', 10);
  block.blank = equal(' ');
  const u64 controls = within('\t', 5);
  block.newline = equal('\n') | equal('\r');
  block.white = (controls & ~block.newline) | block.blank;
  block.quote = equal('\'');
  if (block.non_ascii != 0) {
    block.continuation = within('\x80', 64);
    block.two = within('\xC0', 32);
    block.three = within('\xE0', 16);
    block.four = within('\xF0', 8);
    block.han = within('\xE5', 5) | within('\xEB', 2) | (equal('\xE4') & (within('\xB8', 8) >> 1));
  }
  return block;
}

// The places of the bits of each byte.
struct BitPlaces {
  alignas(64) std::uint8_t of[256][8] = {};
  constexpr BitPlaces() {
    for (unsigned byte = 0; byte < 256; ++byte) {
      for (unsigned i = 0, count = 0; i < 8; ++i) {
        if ((byte >> i & 1) != 0) of[byte][count++] = static_cast<std::uint8_t>(i);
      }
    }
  }
};
constexpr BitPlaces kBitPlaces;

// Eight at a time without asking how many there are: nothing has to be guessed.
inline void write_positions(u64 mask, std::uint32_t from, std::uint32_t* to) {
  for (unsigned byte = 0; byte < 8; ++byte) {
    const auto bits = static_cast<std::uint8_t>(mask >> (8 * byte));
    const __m128i places = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kBitPlaces.of[bits]));
    const __m256i base = _mm256_set1_epi32(static_cast<int>(from + 8 * byte));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                        _mm256_add_epi32(_mm256_cvtepu8_epi32(places), base));
    to += __builtin_popcount(bits);
  }
}

}  // namespace

extern const Kernel kAvx512Kernel;
const Kernel kAvx512Kernel = {.encode = encode_any, .scan = scan_any};

}  // namespace leyden::tokenizer::engine
