#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer::plain {

// Text as characters, each with the place in the text that was given where it comes from (in characters). Only one
// component asks for places: Metaspace's "first" prepends to what comes from place 0.
struct Text {
  std::u32string chars;
  std::vector<std::size_t> origin;  // As many as chars.

  [[nodiscard]] std::size_t size() const { return chars.size(); }
  [[nodiscard]] bool empty() const { return chars.empty(); }
  void add(char32_t c, std::size_t from) {
    chars += c;
    origin.push_back(from);
  }
  [[nodiscard]] Text part(std::size_t begin, std::size_t end) const {
    auto at = [&](std::size_t i) { return origin.begin() + static_cast<std::ptrdiff_t>(i); };
    return {chars.substr(begin, end - begin), {at(begin), at(end)}};
  }
};

// `text` is valid UTF-8.
[[nodiscard]] inline std::u32string to_chars(std::string_view text) {
  std::u32string chars;
  for (std::size_t at = 0; at < text.size();) {
    utf8::Decoded next = utf8::decode(text, at);
    chars += next.code_point;
    at += next.size;
  }
  return chars;
}

[[nodiscard]] inline std::string to_utf8(std::u32string_view chars) {
  std::string text;
  for (char32_t c : chars) utf8::append(text, c);
  return text;
}

[[nodiscard]] inline Text to_text(std::string_view text) {
  Text out;
  for (char32_t c : to_chars(text)) out.add(c, out.size());
  return out;
}

}  // namespace leyden::tokenizer::plain
