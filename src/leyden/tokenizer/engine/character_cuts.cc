#include "leyden/tokenizer/engine/character_cuts.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer::engine {
namespace {

constexpr std::size_t kPoints = 0x10000;

bool is_lead_of_three(char c) { return (static_cast<unsigned char>(c) & 0xF0U) == 0xE0; }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }
std::uint32_t low_bits(char c) { return static_cast<unsigned char>(c) & 0x3FU; }

// Of the three bytes at `at`.
std::uint32_t point_at(std::string_view text, std::size_t at) {
  return (low_bits(text[at]) & 0x0FU) << 12 | low_bits(text[at + 1]) << 6 | low_bits(text[at + 2]);
}

void put(CharacterCuts::Owner& out, std::uint64_t key, unsigned shift) {
  const std::uint64_t bit = key * 0x9E3779B97F4A7C15ULL >> shift;
  out.bits[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

class ByteLevelLearner {
 public:
  ByteLevelLearner() { out_.flags.resize(kPoints); }

  // The borders in a token between characters of three bytes, or what may be the end and the beginning of such.
  void take(std::string_view token) {
    for (std::size_t at = 1; at < token.size(); ++at) {
      if (!is_lead_of_three(token[at]) || !is_continuation(token[at - 1])) continue;
      std::size_t before = 1;
      while (before < at && before < 3 && is_continuation(token[at - before - 1])) ++before;
      // `before` continuation bytes, at most 3, stand in front.
      const bool left_begins = before == at;
      const bool left_whole = before == 2 && !left_begins && is_lead_of_three(token[at - 3]);
      if (!left_whole && !(left_begins && before <= 2)) continue;  // The end of a character of another length.
      take_border(token, at, left_whole);
    }
  }

  void take_whole(std::string_view token) {
    if (token.size() < 3) return;
    if (is_lead_of_three(token[0])) out_.flags[point_at(token, 0)] |= CharacterCuts::kNeverInFront;
    const std::size_t last = token.size() - 3;
    if (is_lead_of_three(token[last])) out_.flags[point_at(token, last)] |= CharacterCuts::kNeverBehind;
  }

  CharacterCuts::Owner done() && {
    // Few of a hundred bits are set: that often a cut is left out for nothing.
    out_.bits.resize(std::bit_ceil(keys_.size() / 2 + 64));
    const unsigned shift = out_.view().shift;
    for (std::uint64_t key : keys_) put(out_, key, shift);
    return std::move(out_);
  }

 private:
  void take_border(std::string_view token, std::size_t at, bool left_whole) {
    const std::size_t right_size = std::min<std::size_t>(token.size() - at, 3);
    if (left_whole && right_size == 3) {
      add(token, at - 3, CharacterCuts::kLeftOfPair, at, CharacterCuts::kRightOfPair);
      return;
    }
    // The characters that B's first bytes may begin: all that have the bytes which are there.
    const std::uint32_t lead = low_bits(token[at]) & 0x0FU;
    std::uint32_t first = lead << 12;
    std::uint32_t end = first + 0x1000;
    if (right_size >= 2) {
      first |= low_bits(token[at + 1]) << 6;
      end = first + 0x40;
    }
    if (right_size == 3) {
      first |= low_bits(token[at + 2]);
      end = first + 1;
    }
    if (left_whole) {
      const std::uint32_t a = point_at(token, at - 3);
      out_.flags[a] |= CharacterCuts::kLeftOfPart;
      for (std::uint32_t b = first; b < end; b += 0x40) keys_.push_back(CharacterCuts::left_key(a, b >> 6));
      return;
    }
    for (std::uint32_t b = first; b < end; ++b) {
      out_.flags[b] |= CharacterCuts::kRightOfPart;
      keys_.push_back(CharacterCuts::right_key(low_bits(token[at - 1]), b));
    }
  }

  void add(std::string_view token, std::size_t a_at, CharacterCuts::Flag left, std::size_t b_at,
           CharacterCuts::Flag right) {
    const std::uint32_t a = point_at(token, a_at);
    const std::uint32_t b = point_at(token, b_at);
    out_.flags[a] |= left;
    out_.flags[b] |= right;
    keys_.push_back(CharacterCuts::pair_key(a, b));
  }

  CharacterCuts::Owner out_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace

CharacterCuts character_cuts(std::span<const std::uint8_t> flags, std::span<const std::uint64_t> bits,
                             std::span<const std::uint64_t> ascii) {
  return {.flags = flags,
          .bits = bits,
          .ascii = ascii,
          .shift = bits.empty() ? 0 : 58U - static_cast<unsigned>(std::countr_zero(bits.size()))};
}

CharacterCuts CharacterCuts::Owner::view() const { return character_cuts(flags, bits, ascii); }

CharacterCuts::Owner learn_byte_level_cuts(std::span<const std::string_view> tokens,
                                           std::span<const std::string_view> whole) {
  ByteLevelLearner learner;
  for (std::string_view token : tokens) learner.take(token);
  for (std::string_view token : whole) learner.take_whole(token);
  return std::move(learner).done();
}

CharacterCuts::Owner learn_character_cuts(std::span<const std::string_view> tokens) {
  constexpr std::uint32_t kSpace = 0x2581;
  CharacterCuts::Owner out;
  out.flags.resize(kPoints);
  out.ascii.resize(256);
  std::vector<std::uint64_t> keys;
  auto add = [&](std::uint32_t a, std::uint32_t b) {
    if (a < 0x80 && b < 0x80) {
      out.ascii[a << 1 | b >> 6] |= std::uint64_t{1} << (b & 63);
      return;
    }
    out.flags[a] |= CharacterCuts::kLeftOfPair;
    out.flags[b] |= CharacterCuts::kRightOfPair;
    keys.push_back(CharacterCuts::pair_key(a, b));
  };
  for (std::string_view token : tokens) {
    std::uint32_t before = kPoints;  // None.
    for (std::size_t at = 0; at < token.size();) {
      const utf8::Decoded next = utf8::decode(token, at);
      at += next.size;
      const std::uint32_t point = next.code_point;
      if (before < kPoints && point < kPoints) {
        add(before, point);
        if (before == kSpace) add(' ', point);
        if (point == kSpace) add(before, ' ');
        if (before == kSpace && point == kSpace) add(' ', ' ');
      }
      before = point;
    }
  }
  out.bits.resize(std::bit_ceil(keys.size() / 4 + 64));
  const unsigned shift = out.view().shift;
  for (std::uint64_t key : keys) put(out, key, shift);
  return out;
}

}  // namespace leyden::tokenizer::engine
