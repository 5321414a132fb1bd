#include "leyden/tokenizer/normalizer.h"

#include <cstdint>
#include <cstring>

#include "leyden/tokenizer/normalizers/unicode_form.h"

namespace leyden::tokenizer {

bool is_ascii(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, text.data() + at, 8);
    if ((block & 0x8080808080808080ULL) != 0) return false;
  }
  for (; at < text.size(); ++at) {
    if (static_cast<std::uint8_t>(text[at]) >= 0x80) return false;
  }
  return true;
}

std::string to_nfc(std::string_view text) {
  NormalizedText normalized(text, 0, false);
  to_form(normalized, NormalizeUnicode::Form::nfc);
  return std::string(normalized.text());
}

}  // namespace leyden::tokenizer
