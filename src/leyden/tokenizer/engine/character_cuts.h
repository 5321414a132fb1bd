#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace leyden::tokenizer::engine {

// Where a segment may be cut between two characters because no token reaches across: merging left and right of such a cut is
// merging the whole. Chinese, Japanese and Korean have no spaces, SentencePiece's words hold their punctuation, hostile text has no
// borders at all; what is left between cuts is known already most of the time. A view, of an image or of an Owner.
//
// What tokens hold across the border of A and B: a bit for each pair of ASCII; for others a byte of flags for each code point below
// U+20000 and a set of hashed bits. Where tokens may begin and end within characters (byte-level vocabularies) the set has, besides
// A and B, the last bytes of A (the last one counts) and B, A and the first bytes of B (the first two count), and both. The set
// may hold more than was put in, so that a cut is left out, never made wrongly.
struct CharacterCuts {
  enum Flag : std::uint8_t {
    kLeftOfPair = 1,   // Some token holds it and a character behind it.
    kLeftOfPart = 2,   // Some token ends in the first bytes of a character behind it.
    kNeverBehind = 4,  // No cut behind it.
    kRightOfPair = 8,  // As the first two, in front.
    kRightOfPart = 16,
    kNeverInFront = 32,
  };
  static constexpr std::uint32_t kPoints = 0x20000;

  std::span<const std::uint8_t> flags;   // kPoints, or none where there is nothing to be known.
  std::span<const std::uint64_t> bits;   // A power of two of them.
  std::span<const std::uint64_t> ascii;  // 256: bit A * 128 + B.
  unsigned shift = 0;                    // 64 - log2 of the number of bits.

  // Between two characters of three or four bytes, the second one's first byte at `at`. All of these are always inlined: kernels
  // are compiled for different processors.
  [[nodiscard, gnu::always_inline]] inline bool cuts_wide(const char* at) const {
    const std::uint32_t a = byte(at, -3) >= 0xE0 ? three(at - 3) : four(at - 4);
    const std::uint32_t b = byte(at, 0) < 0xF0 ? three(at) : four(at);
    if ((a | b) >= kPoints) return false;
    const unsigned left = flags.data()[a];
    const unsigned right = flags.data()[b];
    if ((left & kNeverBehind) != 0 || (right & kNeverInFront) != 0) return false;
    if ((left & kLeftOfPair) != 0 && (right & kRightOfPair) != 0 && has(pair_key(a, b)))
      return false;
    if ((left & kLeftOfPart) != 0 && has(left_key(a, byte(at, 0), byte(at, 1)))) return false;
    return (right & kRightOfPart) == 0 ||
           (!has(right_key(a & 0x3F, b)) && !has(middle_key(a & 0x3F, byte(at, 0), byte(at, 1))));
  }

  // Between two of ASCII.
  [[nodiscard, gnu::always_inline]] inline bool cuts_ascii(const char* at) const {
    const std::uint32_t a = byte(at, -1);
    const std::uint32_t b = byte(at, 0);
    return (ascii.data()[a << 1 | b >> 6] >> (b & 63) & 1) == 0;
  }

  // Between any two, in a vocabulary of characters.
  [[nodiscard, gnu::always_inline]] inline bool cuts_any(const char* at) const {
    std::uint32_t a = byte(at, -1);
    std::uint32_t b = byte(at, 0);
    if ((a | b) < 0x80) return cuts_ascii(at);
    if (a >= 0x80) {
      if (byte(at, -2) >= 0xC0) {
        a = (byte(at, -2) & 0x1F) << 6 | (a & 0x3F);
      } else {
        a = byte(at, -3) >= 0xE0 ? three(at - 3) : four(at - 4);
      }
    }
    if (b >= 0xE0) {
      b = b < 0xF0 ? three(at) : four(at);
    } else if (b >= 0x80) {
      b = (b & 0x1F) << 6 | (byte(at, 1) & 0x3F);
    }
    if ((a | b) >= kPoints) return false;
    return (flags.data()[a] & kLeftOfPair) == 0 || (flags.data()[b] & kRightOfPair) == 0 ||
           !has(pair_key(a, b));
  }

  [[gnu::always_inline]] static std::uint32_t byte(const char* at, int i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i]));
  }
  // The code points of three and four bytes.
  [[gnu::always_inline]] static std::uint32_t three(const char* at) {
    return (byte(at, 0) & 0x0F) << 12 | (byte(at, 1) & 0x3F) << 6 | (byte(at, 2) & 0x3F);
  }
  [[gnu::always_inline]] static std::uint32_t four(const char* at) {
    return (byte(at, 0) & 0x07) << 18 | (byte(at, 1) & 0x3F) << 12 | (byte(at, 2) & 0x3F) << 6 |
           (byte(at, 3) & 0x3F);
  }

  [[gnu::always_inline]] static constexpr std::uint64_t pair_key(std::uint32_t a, std::uint32_t b) {
    return std::uint64_t{a} << 20 | b;
  }
  [[gnu::always_inline]] static constexpr std::uint64_t left_key(std::uint32_t a, std::uint32_t b0,
                                                                 std::uint32_t b1) {
    return std::uint64_t{1} << 40 | std::uint64_t{a} << 16 | b0 << 8 | b1;
  }
  [[gnu::always_inline]] static constexpr std::uint64_t right_key(std::uint32_t a_end,
                                                                  std::uint32_t b) {
    return std::uint64_t{2} << 40 | std::uint64_t{a_end} << 20 | b;
  }
  [[gnu::always_inline]] static constexpr std::uint64_t middle_key(std::uint32_t a_end,
                                                                   std::uint32_t b0,
                                                                   std::uint32_t b1) {
    return std::uint64_t{3} << 40 | std::uint64_t{a_end} << 16 | b0 << 8 | b1;
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
