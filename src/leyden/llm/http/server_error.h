#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "leyden/base/result.h"
#include "leyden/llm/http/wire_chunk.h"
#include "leyden/net/http.h"

namespace leyden::llm {

// What a model server refused, in a form to decide on.
struct Refusal {
  Error error;
  bool retryable = false;  // 429, 503, no such model: it has not begun.
  std::optional<std::chrono::milliseconds> retry_after;  // The server's wish.
  bool model_gone = false;  // It knows no such model: it is another server than it was.
};

// A response of status 400 or above. `body` may be cut. `prompt_text` is what must not be shown (see shown_message).
[[nodiscard]] Refusal refusal_of(const net::HttpResponseHead& head, std::string_view body,
                                 std::string_view prompt_text);

// An error within a stream. Without a status it is `unavailable` and not retried.
[[nodiscard]] Refusal refusal_of(const WireError& error, std::string_view prompt_text);

// A server's message for our own: one line of at most 200 bytes. Servers quote what they got, so lists of numbers and quoted
// texts become "…", and a message that has 16 bytes in a row in common with the prompt is not shown at all.
[[nodiscard]] std::string shown_message(std::string_view message, std::string_view prompt_text);

// Retry-After (RFC 9110, section 10.2.3): seconds, or a date, of which `now` is subtracted. Nothing, where it is neither.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

}  // namespace leyden::llm
