#include "leyden/tokenizer/engine/nfc_check.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace leyden::tokenizer::engine {
namespace {

// By the first byte of a character: whether its second byte decides, and which seconds are fine. A second byte 0x80 + i is fine
// when bit i is set. Checked against to_nfc() for every code point by the test.
struct Seconds {
  std::uint64_t fine = 0;
};

constexpr std::array<Seconds, 256> make_table() {
  std::array<Seconds, 256> table{};
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  auto range = [](unsigned first, unsigned last) {  // Of second bytes.
    std::uint64_t bits = 0;
    for (unsigned i = first; i <= last; ++i) bits |= std::uint64_t{1} << (i - 0x80);
    return bits;
  };
  for (unsigned lead = 0xC2; lead <= 0xCB; ++lead) table[lead].fine = kAll;  // Up to U+02FF.
  table[0xCE].fine = kAll & ~range(0x87, 0x87);  // Greek, but for U+0387.
  table[0xCF].fine = kAll;
  table[0xD0].fine = table[0xD1].fine = kAll;                // Cyrillic: U+0400 to U+047F.
  table[0xE2].fine = range(0x86, 0x8B) | range(0x92, 0xAA);  // Arrows, operators, boxes, symbols.
  table[0xE3].fine = range(0x81, 0x81) | range(0x83, 0x83) | range(0x90, 0xBF);  // Most kana; Han.
  table[0xE4].fine = kAll;                                                       // Han.
  for (unsigned lead = 0xE5; lead <= 0xE9; ++lead) table[lead].fine = kAll;
  table[0xEA].fine = range(0xB0, 0xBF);  // Hangul syllables.
  table[0xEB].fine = table[0xEC].fine = kAll;
  table[0xED].fine = range(0x80, 0x9D);
  table[0xEF].fine = range(0xBC, 0xBE);  // Full-width forms.
  table[0xF0].fine = range(0x9F, 0x9F);  // Emoji.
  return table;
}

constexpr auto kTable = make_table();

// Of blocks that hold a few characters that are not fine.
bool is_fine(std::uint8_t lead, std::uint8_t second, std::uint8_t third) {
  if (lead == 0xE2 && second == 0x80)
    return third >= 0x82;  // Punctuation; U+2000 and U+2001 are not.
  if (lead == 0xE3 && second == 0x80)
    return third < 0xAA || third > 0xAF;  // U+302A to U+302F are marks.
  if (lead == 0xE3 && second == 0x82)
    return third != 0x99 && third != 0x9A;  // So are U+3099 and U+309A.
  return false;
}

}  // namespace

bool is_surely_nfc(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (at + 8 <= text.size()) {
      std::uint64_t block = 0;
      std::memcpy(&block, text.data() + at, 8);
      if ((block & 0x8080808080808080ULL) == 0) {
        at += 8;
        continue;
      }
    }
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const std::uint8_t second = byte(1);
    if ((kTable[lead].fine >> (second & 0x3F) & 1) == 0 &&
        (lead < 0xE0 || !is_fine(lead, second, byte(2))))
      return false;
    at += lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  }
  return true;
}

}  // namespace leyden::tokenizer::engine
