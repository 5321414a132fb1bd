#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace leyden::tokenizer::engine {

// Where a segment may be cut between two characters of three bytes because no token reaches across: merging left and right of such a cut
// is merging the whole. Chinese, Japanese and Korean have no spaces; a run of theirs is cut into a few characters each, most
// of which are known already. A view, of an image or of an Owner.
//
// What tokens hold across the border of A and B, as a byte of flags for each code point below U+10000 and a set of hashed bits: both A
// and B; the last bytes of A (the last one counts) and B; A and the first bytes of B (the first two count). The set may
// hold more than was put in, so that a cut is left out, never made wrongly.
struct CharacterCuts {
  enum Flag : std::uint8_t {
    kLeftOfPair = 1,      // Some token holds it and a character behind it.
    kLeftOfPart = 2,      // Some token ends in the first bytes of a character behind it.
    kNeverBehind = 4,     // No cut behind it.
    kRightOfPair = 8,     // As the first two, in front.
    kRightOfPart = 16,
    kNeverInFront = 32,
  };

  std::span<const std::uint8_t> flags;  // 0x10000, or none where there is nothing to be known.
  std::span<const std::uint64_t> bits;  // A power of two of them.
  unsigned shift = 0;                   // 64 - log2 of the number of bits.

  // `at`: the first of the three bytes of B, behind the three of A. Always inlined: kernels are compiled for different processors.
  [[nodiscard, gnu::always_inline]] inline bool cuts_at(const char* at) const {
    auto byte = [&](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])); };
    const std::uint32_t a = (byte(-3) & 0x0F) << 12 | (byte(-2) & 0x3F) << 6 | (byte(-1) & 0x3F);
    const std::uint32_t b = (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    const unsigned left = flags.data()[a];
    const unsigned right = flags.data()[b];
    if ((left & kNeverBehind) != 0 || (right & kNeverInFront) != 0) return false;
    if ((left & kLeftOfPair) != 0 && (right & kRightOfPair) != 0 && has(pair_key(a, b))) return false;
    if ((left & kLeftOfPart) != 0 && has(left_key(a, b >> 6))) return false;
    return (right & kRightOfPart) == 0 || !has(right_key(a & 0x3F, b));
  }

  [[gnu::always_inline]] static constexpr std::uint64_t pair_key(std::uint32_t a, std::uint32_t b) {
    return std::uint64_t{a} << 16 | b;
  }
  [[gnu::always_inline]] static constexpr std::uint64_t left_key(std::uint32_t a, std::uint32_t b_begin) {
    return std::uint64_t{1} << 32 | std::uint64_t{a} << 16 | b_begin;
  }
  [[gnu::always_inline]] static constexpr std::uint64_t right_key(std::uint32_t a_end, std::uint32_t b) {
    return std::uint64_t{2} << 32 | std::uint64_t{a_end} << 16 | b;
  }
  [[nodiscard, gnu::always_inline]] inline bool has(std::uint64_t key) const {
    const std::uint64_t bit = key * 0x9E3779B97F4A7C15ULL >> shift;
    return (bits.data()[bit >> 6] >> (bit & 63) & 1) != 0;
  }

  struct Owner {
    std::vector<std::uint8_t> flags;
    std::vector<std::uint64_t> bits;
    [[nodiscard]] CharacterCuts view() const;
  };
};

[[nodiscard]] CharacterCuts character_cuts(std::span<const std::uint8_t> flags,
                                           std::span<const std::uint64_t> bits);

// `tokens`: all that a segment may become. `whole`: those of them that only a whole segment may become, never a part of one.
[[nodiscard]] CharacterCuts::Owner learn_character_cuts(std::span<const std::string_view> tokens,
                                                        std::span<const std::string_view> whole);

}  // namespace leyden::tokenizer::engine
