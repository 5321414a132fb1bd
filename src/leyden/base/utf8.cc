#include "leyden/base/utf8.h"

#include <utility>

#include <algorithm>
#include <cstring>

namespace leyden::utf8 {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// What may follow a lead byte (Unicode 15, table 3-7): how many continuation bytes, and the range of the first.
struct Lead {
  std::uint8_t continuations = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
};

constexpr Lead lead_of(std::uint8_t byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

}  // namespace

Decoded decode(std::string_view text, std::size_t position) {
  if (position >= text.size()) return {};
  auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  std::uint8_t first = at(position);
  if (first < 0x80) return {first, 1, true};
  Lead lead = lead_of(first);
  if (lead.continuations == 0) return {kReplacement, 1, false};
  auto code_point = static_cast<char32_t>(first & (0x3FU >> lead.continuations));
  for (std::uint8_t i = 1; i <= lead.continuations; ++i) {
    std::uint8_t low = i == 1 ? lead.low : 0x80;
    std::uint8_t high = i == 1 ? lead.high : 0xBF;
    if (position + i >= text.size() || at(position + i) < low || at(position + i) > high) {
      return {kReplacement, i, false};
    }
    code_point = (code_point << 6) | (at(position + i) & 0x3FU);
  }
  return {code_point, static_cast<std::uint8_t>(lead.continuations + 1), true};
}

std::size_t valid_prefix(std::string_view text) {
  std::size_t position = 0;
  while (position < text.size()) {
    // Eight ASCII bytes at a time.
    while (position + 8 <= text.size()) {
      std::uint64_t block = 0;
      std::memcpy(&block, text.data() + position, 8);
      if ((block & 0x8080808080808080ULL) != 0) break;
      position += 8;
    }
    if (position >= text.size()) break;
    Decoded next = decode(text, position);
    if (!next.valid) return position;
    position += next.size;
  }
  return text.size();
}

std::string replace_invalid(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::size_t good = valid_prefix(text);
    out += text.substr(0, good);
    text.remove_prefix(good);
    if (text.empty()) break;
    append(out, kReplacement);
    text.remove_prefix(decode(text, 0).size);
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string line = replace_invalid(text);
  for (char& c : line) {
    if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return line;
}

std::string short_line(std::string_view text, std::size_t bytes_max) {
  std::string out;
  bool space = false;
  for (char each : text) {
    if (each == ' ' || (each >= '\t' && each <= '\r')) {
      space = !out.empty();
      continue;
    }
    if (std::exchange(space, false)) out += ' ';
    out += each;
    if (out.size() > bytes_max + 4) break;  // By more than a character.
  }
  out = one_line(out);
  if (out.size() <= bytes_max) return out;
  std::size_t end = bytes_max - 3;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80) --end;
  out.resize(end);
  return out + "…";
}

void append(std::string& out, char32_t code_point) {
  auto put = [&](char32_t bits) { out += static_cast<char>(bits); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

std::size_t incomplete_suffix(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    auto byte = static_cast<std::uint8_t>(text[text.size() - back]);
    if ((byte & 0xC0U) == 0x80) continue;
    Lead lead = lead_of(byte);
    // Incomplete only if all that is there could still be the start of one character.
    Decoded tail = decode(text, text.size() - back);
    return lead.continuations >= back && !tail.valid && tail.size == back ? back : 0;
  }
  return 0;
}

}  // namespace leyden::utf8
