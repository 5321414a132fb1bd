#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace leyden::review {

// A path as a URI reference (RFC 3986): what is not a letter, a digit or one of -._~/ is percent-encoded.
[[nodiscard]] inline std::string uri_of(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || c == '/';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace leyden::review
