// Compiled with -mavx2 -mbmi -mbmi2 -mlzcnt (CMakeLists.txt); called only where the processor has them.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "leyden/tokenizer/engine/kernel.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer::engine {
namespace {

#include "leyden/tokenizer/engine/kernel.inl"

inline u64 bits_of(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         static_cast<u64>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
}

template <Cut kCut>
inline Block load_block(const char* text) {
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 32));
  auto equal = [&](char c) {
    const __m256i value = _mm256_set1_epi8(c);
    return bits_of(_mm256_cmpeq_epi8(a, value), _mm256_cmpeq_epi8(b, value));
  };
  // low <= byte < low + count, the bytes moved so that `low` is the least signed value.
  auto within = [&](char low, int count) {
    const __m256i shift = _mm256_set1_epi8(static_cast<char>(0x80 - low));
    const __m256i end = _mm256_set1_epi8(static_cast<char>(-128 + count));
    return bits_of(_mm256_cmpgt_epi8(end, _mm256_add_epi8(a, shift)),
                   _mm256_cmpgt_epi8(end, _mm256_add_epi8(b, shift)));
  };
  auto letters = [&] {
    const __m256i to_lower = _mm256_set1_epi8(0x20);
    const __m256i shift = _mm256_set1_epi8(static_cast<char>(0x80 - 'a'));
    const __m256i end = _mm256_set1_epi8(-128 + 26);
    auto of = [&](__m256i bytes) {
      return _mm256_cmpgt_epi8(end, _mm256_add_epi8(_mm256_or_si256(bytes, to_lower), shift));
    };
    return bits_of(of(a), of(b));
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
    block.symbol = ~(letters() | block.blank | bits_of(a, b));
    return block;
  }
  block.non_ascii = bits_of(a, b);
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
    // 0x80 to 0xBF are the signed values below -64.
    const __m256i limit = _mm256_set1_epi8(-64);
    block.continuation = bits_of(_mm256_cmpgt_epi8(limit, a), _mm256_cmpgt_epi8(limit, b));
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

extern const Kernel kAvx2Kernel;
const Kernel kAvx2Kernel = {.encode = encode_any, .scan = scan_any};

}  // namespace leyden::tokenizer::engine
