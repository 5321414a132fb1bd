#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/net/sse_parser.h"

namespace leyden::net::testing {

struct PlainSseEvent {
  std::string type;
  std::string data;
  std::string id;
  friend bool operator==(const PlainSseEvent&, const PlainSseEvent&) = default;
};

struct PlainSse {
  std::vector<PlainSseEvent> events;
  std::optional<std::chrono::milliseconds> retry;
  bool broken = false;  // Over a limit; what came before it counts.
  friend bool operator==(const PlainSse&, const PlainSse&) = default;
};

// The words of the standard, one after the other, over a whole stream: what SseParser must give, however the bytes come.
// leyden:ignore common.complex-function a plain walk through the grammar, to check the real parser by
[[nodiscard]] inline PlainSse plain_sse(std::string_view text, const SseLimits& limits) {
  PlainSse out;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string data;  // Each line with its LF, as the standard has it.
  std::string type;
  std::string id;
  std::string line;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' && text[i] != '\n') {
      line += text[i];
      if (line.size() <= limits.line_bytes) continue;
      out.broken = true;
      return out;
    }
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    if (line.empty()) {
      if (!data.empty()) {
        data.pop_back();
        out.events.push_back({type.empty() ? "message" : type, data, id});
      }
      data.clear();
      type.clear();
      continue;
    }
    const std::size_t colon = line.find(':');
    std::string field = line;
    std::string value;
    if (colon != std::string::npos) {
      field = line.substr(0, colon);
      value = line.substr(colon + 1);
      if (!value.empty() && value[0] == ' ') value.erase(0, 1);
    }
    line.clear();
    if (field == "event") type = value;
    if (field == "data") {
      data += value + "\n";
      if (data.size() - 1 > limits.event_bytes) {
        out.broken = true;
        return out;
      }
    }
    if (field == "id" && value.find('\0') == std::string::npos) id = value;
    if (field == "retry" && !value.empty() &&
        value.find_first_not_of("0123456789") == std::string::npos) {
      constexpr std::uint64_t kMost = INT64_MAX;
      std::uint64_t ms = 0;
      bool fits = true;
      for (const char c : value) {
        const auto digit = static_cast<std::uint64_t>(c - '0');
        fits = fits && ms <= (kMost - digit) / 10;
        if (fits) ms = ms * 10 + digit;
      }
      if (fits) out.retry = std::chrono::milliseconds(static_cast<std::int64_t>(ms));
    }
  }
  return out;
}

// What SseParser gives for pieces of `step` bytes.
[[nodiscard]] inline PlainSse parsed_sse(std::string_view text, std::size_t first, std::size_t step,
                                         const SseLimits& limits) {
  PlainSse out;
  SseParser parser(limits);
  while (!text.empty() && !out.broken) {
    // A copy of its own, freed before the next piece: a view that outlives it is found by the sanitizers.
    const std::string piece(text.substr(0, first));
    text.remove_prefix(piece.size());
    first = step;
    std::string_view left = piece;
    while (true) {
      const auto event = parser.next(left);
      out.broken = !event.has_value();
      if (!event || !*event) break;
      out.events.push_back(
          {std::string((*event)->type), std::string((*event)->data), std::string((*event)->id)});
    }
  }
  out.retry = parser.retry();
  return out;
}

}  // namespace leyden::net::testing
