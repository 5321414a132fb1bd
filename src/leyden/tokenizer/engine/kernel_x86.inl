// What kernel_avx2.cc and kernel_avx512.cc share: included by them behind kernel.inl.
//
// `Bytes`: 64 bytes, of which equal(c) is the mask of those that are c, within(low, n) of those from low to low + n - 1, letters() of
// ASCII's letters, non_ascii() of all beyond ASCII, low_bits_in(set) as kernel_block.inl says.

template <Cut kCut, class Bytes>
inline Block block_of(const Bytes& bytes) {
  Block block;
  block.blank = bytes.equal(' ');
  if constexpr (is_plain_words(kCut)) {
    if constexpr (kCut == Cut::plain_lines) block.blank |= bytes.equal('\n');
    block.printable = bytes.within('!', 94);
    block.two = bytes.within('\xC3', 8) | bytes.within('\xCF', 3);
    return block;
  }
  if constexpr (kCut == Cut::words) {
    block.no_cut = bytes.equal('>') | bytes.equal('\x81');
    block.symbol = ~(bytes.letters() | block.blank | bytes.non_ascii());
  } else {
    block.non_ascii = bytes.non_ascii();
    if constexpr (kCut == Cut::o200k) {
      block.upper = bytes.within('A', 26);
      block.lower = bytes.within('a', 26);
      block.slash = bytes.equal('/');
    } else {
      block.other = bytes.letters();  // Case does not matter.
    }
    block.number = bytes.within('0', 10);
    block.newline = bytes.equal('\n') | bytes.equal('\r');
    block.white = (bytes.within('\t', 5) & ~block.newline) | block.blank;
    block.quote = bytes.equal('\'');
    if (block.non_ascii == 0) return block;
    block.two = bytes.within('\xC0', 32);
    block.han = bytes.within('\xE5', 5) | bytes.within('\xEB', 2) |
                (bytes.equal('\xE4') & (bytes.within('\xB8', 8) >> 1));
  }
  block.continuation = bytes.within('\x80', 64);
  block.three = bytes.within('\xE0', 16);
  block.four = bytes.within('\xF0', 8);
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
