#include "leyden/cache/bit_packing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace leyden::cache {
namespace {

std::uint64_t load64(const std::byte* from) {
  std::uint64_t value = 0;
  std::memcpy(&value, from, sizeof(value));
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}

// The IDs from `first` on.
TokenId unpack_from(std::size_t first, BytesView packed, unsigned bits, std::span<TokenId> ids) {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  TokenId largest = 0;
  std::size_t i = first;
  std::uint64_t bit = std::uint64_t{first} * bits;
  // An ID begins at most 7 bits into a byte and has at most 32: one load of 8 bytes holds it whole.
  for (; i < ids.size() && bit / 8 + 8 <= packed.size(); ++i, bit += bits) {
    ids[i] = static_cast<TokenId>((load64(packed.data() + bit / 8) >> (bit % 8)) & mask);
    largest = std::max(largest, ids[i]);
  }
  for (; i < ids.size(); ++i, bit += bits) {
    std::array<std::byte, 8> tail{};
    std::memcpy(tail.data(), packed.data() + bit / 8, packed.size() - bit / 8);
    ids[i] = static_cast<TokenId>((load64(tail.data()) >> (bit % 8)) & mask);
    largest = std::max(largest, ids[i]);
  }
  return largest;
}

#if defined(__x86_64__)

constexpr unsigned kBitsMaxAvx2 = 25;  // Wherever in a byte such an ID begins, 4 bytes hold it.

// Eight IDs are `bits` whole bytes. Four of them go into each half of a register, from one load of 16
// bytes; then every ID gets the 4 bytes that hold it, is shifted into place and cut.
__attribute__((target("avx2"))) TokenId unpack_avx2(BytesView packed, unsigned bits,
                                                    std::span<TokenId> ids) {
  alignas(32) std::array<std::uint8_t, 32> bytes{};
  alignas(32) std::array<std::uint32_t, 8> shifts{};
  for (unsigned lane = 0; lane < 8; ++lane) {
    const unsigned skipped = lane < 4 ? 0 : 4 * bits % 8;  // The second half begins within a byte.
    const unsigned bit = lane % 4 * bits + skipped;
    shifts[lane] = bit % 8;
    for (unsigned b = 0; b < 4; ++b) {
      bytes[lane * 4 + b] = static_cast<std::uint8_t>(bit / 8 + b);
    }
  }
  const __m256i shuffle = _mm256_load_si256(reinterpret_cast<const __m256i*>(bytes.data()));
  const __m256i shift = _mm256_load_si256(reinterpret_cast<const __m256i*>(shifts.data()));
  const __m256i mask = _mm256_set1_epi32(static_cast<int>((1U << bits) - 1));
  __m256i largest = _mm256_setzero_si256();
  const std::byte* from = packed.data();
  std::size_t left = packed.size();
  std::size_t i = 0;
  const std::size_t second = bits / 2;
  for (; i + 8 <= ids.size() && left >= second + 16; i += 8, from += bits, left -= bits) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + second));
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    const __m256i eight =
        _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(both, shuffle), shift), mask);
    largest = _mm256_max_epu32(largest, eight);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(ids.data() + i), eight);
  }
  alignas(32) std::array<TokenId, 8> lanes{};
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes.data()), largest);
  return std::max(*std::ranges::max_element(lanes), unpack_from(i, packed, bits, ids));
}

#endif

}  // namespace

unsigned bits_per_id(std::uint32_t vocabulary_size) {
  return vocabulary_size <= 2 ? 1U : static_cast<unsigned>(std::bit_width(vocabulary_size - 1));
}

void pack(TokenIdsView ids, unsigned bits, std::byte* to) {
  // Bits gather in `pending`, lowest first, and leave 32 at a time: it never holds more than 63.
  std::uint64_t pending = 0;
  unsigned held = 0;
  for (TokenId id : ids) {
    pending |= std::uint64_t{id} << held;
    held += bits;
    if (held >= 32) {
      auto full = static_cast<std::uint32_t>(pending);
      if constexpr (std::endian::native == std::endian::big) full = std::byteswap(full);
      std::memcpy(to, &full, sizeof(full));
      to += sizeof(full);
      pending >>= 32;
      held -= 32;
    }
  }
  for (; held > 0; held -= std::min(held, 8U)) {
    *to++ = static_cast<std::byte>(pending & 0xFFU);
    pending >>= 8;
  }
}

TokenId unpack_portable(BytesView packed, unsigned bits, std::span<TokenId> ids) {
  return unpack_from(0, packed, bits, ids);
}

TokenId unpack(BytesView packed, unsigned bits, std::span<TokenId> ids) {
#if defined(__x86_64__)
  if (bits <= kBitsMaxAvx2 && __builtin_cpu_supports("avx2")) {
    return unpack_avx2(packed, bits, ids);
  }
#endif
  return unpack_portable(packed, bits, ids);
}

}  // namespace leyden::cache
