#include "leyden/tokenizer/engine/character_cuts.h"

#include <algorithm>
#include <bit>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer::engine {
namespace {

constexpr std::uint32_t kPoints = CharacterCuts::kPoints;

std::uint32_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}
bool is_continuation(std::uint32_t byte) { return (byte & 0xC0) == 0x80; }
// Of a character, by its first byte.
std::size_t size_of(std::uint32_t lead) {
  return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
}

class Learner {
 public:
  Learner() {
    out_.flags.resize(kPoints);
    out_.ascii.resize(256);
  }

  void take_pair(std::uint32_t a, std::uint32_t b) {
    if (a < 0x80 && b < 0x80) {
      out_.ascii[a << 1 | b >> 6] |= std::uint64_t{1} << (b & 63);
    } else if (a < kPoints && b < kPoints) {
      out_.flags[a] |= CharacterCuts::kLeftOfPair;
      out_.flags[b] |= CharacterCuts::kRightOfPair;
      keys_.push_back(CharacterCuts::pair_key(a, b));
    }
  }

  // The borders in a token of bytes: between two of ASCII, and between characters of three or four bytes or what may be the end
  // and the beginning of such.
  void take_bytes(std::string_view token) {
    for (std::size_t at = 1; at < token.size(); ++at) {
      const std::uint32_t before = byte_at(token, at - 1);
      const std::uint32_t lead = byte_at(token, at);
      if (before < 0x80 && lead < 0x80) take_pair(before, lead);
      if (lead >= 0xE0 && is_continuation(before)) take_border(token, at);
    }
  }

  void take_whole(std::string_view token) {
    auto mark = [&](std::size_t at, CharacterCuts::Flag flag) {
      if (at + size_of(byte_at(token, at)) > token.size() || byte_at(token, at) < 0xE0) return;
      if (const std::uint32_t point = utf8::decode(token, at).code_point; point < kPoints)
        out_.flags[point] |= flag;
    };
    if (token.empty()) return;
    mark(0, CharacterCuts::kNeverInFront);
    std::size_t last = token.size() - 1;
    while (last > 0 && is_continuation(byte_at(token, last))) --last;
    mark(last, CharacterCuts::kNeverBehind);
  }

  CharacterCuts::Owner done() && {
    std::ranges::sort(keys_);
    keys_.erase(std::ranges::unique(keys_).begin(), keys_.end());
    // Few of a hundred bits are set: that often a cut is left out for nothing.
    out_.bits.resize(std::bit_ceil(keys_.size() / 2 + 64));
    const unsigned shift = out_.view().shift;
    for (std::uint64_t key : keys_) {
      const std::uint64_t bit = key * 0x9E3779B97F4A7C15ULL >> shift;
      out_.bits[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
    return std::move(out_);
  }

 private:
  void take_border(std::string_view token, std::size_t at) {
    // `count` continuation bytes stand in front, at most 3 of which can be one character's.
    std::size_t count = 1;
    while (count < 3 && count < at && is_continuation(byte_at(token, at - count - 1))) ++count;
    const bool left_begins = count == at;
    const std::size_t left_size = left_begins ? 0 : size_of(byte_at(token, at - count - 1));
    const bool left_whole = left_size >= 3 && left_size == count + 1;
    if (!left_whole && !left_begins) return;  // The end of a character of two bytes, or of none.
    const std::size_t right_size = std::min(token.size() - at, size_of(byte_at(token, at)));
    const bool right_whole = right_size == size_of(byte_at(token, at));
    const std::uint32_t b0 = byte_at(token, at);
    const std::uint32_t a_end = byte_at(token, at - 1) & 0x3F;
    if (left_whole && right_whole) {
      take_pair(utf8::decode(token, at - left_size).code_point, utf8::decode(token, at).code_point);
    } else if (left_whole) {
      const std::uint32_t a = utf8::decode(token, at - left_size).code_point;
      if (a >= kPoints) return;
      out_.flags[a] |= CharacterCuts::kLeftOfPart;
      each_second(token, at,
                  [&](std::uint32_t b1) { keys_.push_back(CharacterCuts::left_key(a, b0, b1)); });
    } else if (right_whole) {
      const std::uint32_t b = utf8::decode(token, at).code_point;
      if (b >= kPoints) return;
      out_.flags[b] |= CharacterCuts::kRightOfPart;
      keys_.push_back(CharacterCuts::right_key(a_end, b));
    } else {
      each_second(token, at, [&](std::uint32_t b1) {
        keys_.push_back(CharacterCuts::middle_key(a_end, b0, b1));
        const bool is_three = b0 < 0xF0;
        const std::uint32_t first =
            is_three ? (b0 & 0x0F) << 12 | (b1 & 0x3F) << 6 : (b0 & 0x07) << 18 | (b1 & 0x3F) << 12;
        const std::uint32_t end = std::min(kPoints, first + (is_three ? 0x40 : 0x1000));
        for (std::uint32_t b = first; b < end; ++b) out_.flags[b] |= CharacterCuts::kRightOfPart;
      });
    }
  }

  // The second bytes of the character that begins at `at`: the one which is there, else all.
  template <class Take>
  void each_second(std::string_view token, std::size_t at, Take&& take) {
    if (at + 1 < token.size()) return take(byte_at(token, at + 1));
    for (std::uint32_t b1 = 0x80; b1 < 0xC0; ++b1) take(b1);
  }

  CharacterCuts::Owner out_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace

CharacterCuts character_cuts(std::span<const std::uint8_t> flags,
                             std::span<const std::uint64_t> bits,
                             std::span<const std::uint64_t> ascii) {
  return {.flags = flags,
          .bits = bits,
          .ascii = ascii,
          .shift = bits.empty() ? 0 : 58U - static_cast<unsigned>(std::countr_zero(bits.size()))};
}

CharacterCuts CharacterCuts::Owner::view() const { return character_cuts(flags, bits, ascii); }

CharacterCuts::Owner learn_byte_level_cuts(std::span<const std::string_view> tokens,
                                           std::span<const std::string_view> whole) {
  Learner learner;
  for (std::string_view token : tokens) learner.take_bytes(token);
  for (std::string_view token : whole) learner.take_whole(token);
  return std::move(learner).done();
}

CharacterCuts::Owner learn_character_cuts(std::span<const std::string_view> tokens) {
  constexpr std::uint32_t kSpace = 0x2581;
  Learner learner;
  for (std::string_view token : tokens) {
    std::uint32_t before = 0;
    for (std::size_t at = 0; at < token.size();) {
      const utf8::Decoded next = utf8::decode(token, at);
      const std::uint32_t point = next.code_point;
      if (at > 0) {
        learner.take_pair(before, point);
        if (before == kSpace) learner.take_pair(' ', point);
        if (point == kSpace) learner.take_pair(before, ' ');
        if (before == kSpace && point == kSpace) learner.take_pair(' ', ' ');
      }
      before = point;
      at += next.size;
    }
  }
  return std::move(learner).done();
}

}  // namespace leyden::tokenizer::engine
