#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace leyden::tokenizer::engine {

// Where a segment may be cut between two characters because no token reaches across: merging left and right of such a cut is
// merging the whole. Chinese, Japanese and Korean have no spaces, SentencePiece's words hold their punctuation; what is left between
// cuts is known already most of the time. A view, of an image or of an Owner.
//
// What tokens hold across the border of A and B: a bit for each pair of ASCII; for others a byte of flags for each code point below
// U+10000 and a set of hashed bits. Where tokens may begin and end within characters (byte-level vocabularies) the set has, besides
// A and B, the last bytes of A (the last one counts) and B, and A and the first bytes of B (the first two count), and only
// characters of three bytes are known. The set may hold more than was put in, so that a cut is left out, never made wrongly.
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
  std::span<const std::uint64_t> ascii;  // A * 128 + B: 256 of them; none where only characters of three bytes are known.
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

  // Of any two characters, the second one's first byte at `at`, in a vocabulary of characters.
  [[nodiscard, gnu::always_inline]] inline bool cuts_any_at(const char* at) const {
    auto byte = [&](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])); };
    std::uint32_t a = byte(-1);
    std::uint32_t b = byte(0);
    if ((a | b) < 0x80) return (ascii.data()[a << 1 | b >> 6] >> (b & 63) & 1) == 0;
    if (a >= 0x80) {
      const std::uint32_t second = byte(-2);
      if (second >= 0xC0) {
        a = (second & 0x1F) << 6 | (a & 0x3F);
      } else if (byte(-3) >= 0xE0) {
        a = (byte(-3) & 0x0F) << 12 | (second & 0x3F) << 6 | (a & 0x3F);
      } else {
        return false;
      }
    }
    if (b >= 0xF0) return false;
    if (b >= 0xE0) {
      b = (b & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    } else if (b >= 0x80) {
      b = (b & 0x1F) << 6 | (byte(1) & 0x3F);
    }
    return (flags.data()[a] & kLeftOfPair) == 0 || (flags.data()[b] & kRightOfPair) == 0 || !has(pair_key(a, b));
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
    std::vector<std::uint64_t> ascii;
    [[nodiscard]] CharacterCuts view() const;
  };
};

[[nodiscard]] CharacterCuts character_cuts(std::span<const std::uint8_t> flags,
                                           std::span<const std::uint64_t> bits,
                                           std::span<const std::uint64_t> ascii);

// Of a byte-level vocabulary. `tokens`: all that a segment may become. `whole`: those of them that only a whole segment may
// become, never a part of one.
[[nodiscard]] CharacterCuts::Owner learn_byte_level_cuts(std::span<const std::string_view> tokens,
                                                         std::span<const std::string_view> whole);

// Of a vocabulary of characters: `tokens` are valid UTF-8. A text's space is U+2581 to them.
[[nodiscard]] CharacterCuts::Owner learn_character_cuts(std::span<const std::string_view> tokens);

}  // namespace leyden::tokenizer::engine
