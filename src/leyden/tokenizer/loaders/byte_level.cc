#include "leyden/tokenizer/loaders/byte_level.h"

#include <array>
#include <cstdint>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer {
namespace {

// Printable Latin-1 stands for itself, the other 68 bytes are numbered from U+0100 on. Indexed by code point.
constexpr std::array<std::int16_t, 0x144> make_table() {
  std::array<std::int16_t, 0x144> table{};
  table.fill(-1);
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    bool printable =
        (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    table[static_cast<std::size_t>(printable ? byte : next++)] = static_cast<std::int16_t>(byte);
  }
  return table;
}

constexpr auto kByteOf = make_table();

constexpr std::array<char16_t, 256> make_letters() {
  std::array<char16_t, 256> letters{};
  for (std::size_t c = 0; c < kByteOf.size(); ++c) {
    if (kByteOf[c] >= 0) letters[static_cast<std::size_t>(kByteOf[c])] = static_cast<char16_t>(c);
  }
  return letters;
}

constexpr auto kLetters = make_letters();

}  // namespace

std::optional<std::string> bytes_of_byte_level(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    utf8::Decoded next = utf8::decode(text, at);
    if (!next.valid || next.code_point >= kByteOf.size() || kByteOf[next.code_point] < 0) {
      return std::nullopt;
    }
    bytes += static_cast<char>(kByteOf[next.code_point]);
    at += next.size;
  }
  return bytes;
}

char32_t letter_of_byte(unsigned char byte) { return kLetters[byte]; }

}  // namespace leyden::tokenizer
