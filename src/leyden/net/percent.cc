#include "leyden/net/percent.h"

#include <algorithm>
#include <charconv>

namespace leyden::net {

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned char byte = 0;
    const char* const end = text.data() + std::min(i + 3, text.size());
    const auto [parsed, error] = std::from_chars(text.data() + i + 1, end, byte, 16);
    if (error != std::errc() || parsed != text.data() + i + 3) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

}  // namespace leyden::net
