#include <cstddef>
#include <cstdint>
#include <string_view>

#include "leyden/tokenizer/engine/kernel.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer::engine {
namespace {

constexpr unsigned kPagesAtOnce = 0;

#include "leyden/tokenizer/engine/kernel.inl"

template <Cut kCut>
inline Block load_block(const char* text) {
  Block block;
  for (unsigned i = 0; i < 64; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const u64 here = bit(i);
    if constexpr (is_plain_words(kCut)) {
      block.blank |= here & all_if(byte == ' ' || (kCut == Cut::plain_lines && byte == '\n'));
      block.printable |= here & all_if(byte > ' ' && byte <= '~');
      block.two |= here & all_if(is_plain_lead(byte));
      continue;
    }
    if constexpr (kCut == Cut::words) {
      block.blank |= here & all_if(byte == ' ');
      block.no_cut |= here & all_if(byte == '>' || byte == 0x81);
      block.three |= here & all_if((byte & 0xF0) == 0xE0);
      block.four |= here & all_if((byte & 0xF8) == 0xF0);
      block.continuation |= here & all_if((byte & 0xC0) == 0x80);
      const unsigned lower = byte | 0x20;
      block.symbol |= here & all_if(byte < 0x80 && byte != ' ' && (lower < 'a' || lower > 'z'));
      continue;
    }
    if (byte >= 0x80) {
      block.non_ascii |= here;
      if (byte < 0xC0) block.continuation |= here;
      block.two |= here & all_if((byte & 0xE0) == 0xC0);
      block.three |= here & all_if((byte & 0xF0) == 0xE0);
      block.four |= here & all_if((byte & 0xF8) == 0xF0);
      continue;
    }
    const unsigned c = detail::kBlocks[detail::kBlockOf[0]][byte];
    block.upper |= here & all_if(c & kUpper);
    block.lower |= here & all_if(c & kLower);
    block.number |= here & all_if(c & kNumber);
    block.newline |= here & all_if(c & kNewline);
    block.white |= here & all_if((c & kWhitespace) != 0 && (c & kNewline) == 0);
    block.blank |= here & all_if(byte == ' ');
    block.quote |= here & all_if(byte == '\'');
    block.slash |= here & all_if(byte == '/');
  }
  return block;
}

inline u64 equal_bytes(const char*, char) { __builtin_unreachable(); }
inline u64 low_bits_in(const char*, u64) { __builtin_unreachable(); }

inline void write_positions(u64 mask, std::uint32_t from, std::uint32_t* to) {
  for (; mask != 0; mask &= mask - 1) *to++ = from + first_of(mask);
}

}  // namespace

extern const Kernel kPlainKernel;
const Kernel kPlainKernel = {.encode = encode_any, .scan = scan_any};

}  // namespace leyden::tokenizer::engine
