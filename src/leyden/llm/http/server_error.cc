#include "leyden/llm/http/server_error.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "leyden/base/utf8.h"

namespace leyden::llm {
namespace {

constexpr std::size_t kShownBytes = 200;
constexpr std::size_t kQuotedBytes = 16;  // So many in a row of the prompt's are a quotation.
constexpr std::chrono::hours kRetryAfterMax{24};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Where the group that begins at `begin` with a bracket or a quotation mark ends; npos: it does not.
std::size_t end_of_group(std::string_view text, std::size_t begin) {
  const char open = text[begin];
  const char close = open == '[' ? ']' : open == '{' ? '}' : open;
  return text.find(close, begin + 1);
}

// Where a list of two numbers or more ends that begins here; `begin` itself, where there is none.
std::size_t end_of_numbers(std::string_view text, std::size_t begin) {
  std::size_t count = 0;
  std::size_t end = begin;
  for (std::size_t i = begin; i < text.size() && is_digit(text[i]);) {
    ++count;
    while (i < text.size() && is_digit(text[i])) ++i;
    end = i;
    if (i == text.size() || text[i] != ',') break;
    while (i < text.size() && (text[i] == ',' || text[i] == ' ')) ++i;
  }
  return count >= 2 ? end : begin;
}

std::string without_quotations(std::string_view text) {
  // "Token id 7 is out of vocabulary": there any number may be one of the prompt's.
  const bool names_tokens = text.find("oken id") != std::string_view::npos ||
                            text.find("oken_id") != std::string_view::npos;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    std::size_t end = i;
    if (c == '[' || c == '{' || c == '"' || c == '`') {
      end = std::min(end_of_group(text, i), text.size() - 1) + 1;
    } else if (c == '\'' && (i == 0 || text[i - 1] == ' ')) {  // No apostrophe.
      if (const std::size_t close = end_of_group(text, i); close != std::string_view::npos)
        end = close + 1;
    } else if (is_digit(c) && (i == 0 || !is_digit(text[i - 1]))) {
      end = end_of_numbers(text, i);
      while (names_tokens && end < text.size() && is_digit(text[end])) ++end;
    }
    if (end == i) {
      out += c;
      ++i;
    } else {
      out += "…";
      i = end;
    }
  }
  return out;
}

bool quotes(std::string_view message, std::string_view prompt_text) {
  for (std::size_t i = 0; i + kQuotedBytes <= message.size(); ++i) {
    if (prompt_text.find(message.substr(i, kQuotedBytes)) != std::string_view::npos) return true;
  }
  return false;
}

Errc code_of(int status) {
  switch (status) {
    case 404:
      return Errc::not_found;
    case 408:
    case 504:
      return Errc::timed_out;
    case 429:
      return Errc::overloaded;
    case 501:
      return Errc::unsupported;
    default:
      return status < 500 ? Errc::invalid_argument : Errc::unavailable;
  }
}

std::string advice_of(int status) {
  switch (status) {
    case 401:
      return ": set LEYDEN_LLM_API_KEY to a key that it knows";
    case 403:
      return ": the key may not do that";
    case 404:
      return ": it has no such model or path";
    default:
      return "";
  }
}

Refusal made(int status, std::string_view message, std::string_view type,
             std::string_view prompt_text) {
  Refusal out;
  const std::string shown = shown_message(message, prompt_text);
  out.error = {code_of(status), fmt::format("the model server answers {}{}{}{}", status,
                                            advice_of(status), shown.empty() ? "" : ": ", shown)};
  out.model_gone = status == 404 && (type == "NotFoundError" || type == "not_found_error" ||
                                     message.find("model") != std::string_view::npos);
  // It has not begun. Whether there is another model now is asked before it is sent again.
  out.retryable = status == 429 || status == 503 || out.model_gone;
  return out;
}

}  // namespace

std::string shown_message(std::string_view message, std::string_view prompt_text) {
  // More than is shown is not looked at: it may be long.
  const std::string line = utf8::one_line(message.substr(0, 8 * kShownBytes));
  std::string out = without_quotations(line);
  if (quotes(line, prompt_text)) return "(its message quotes the prompt and is not shown)";
  if (out.size() > kShownBytes) {
    out.resize(kShownBytes);
    out.resize(out.size() - utf8::incomplete_suffix(out));
    out += "…";
  }
  return out;
}

std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now) {
  std::uint32_t seconds = 0;
  const char* const end = value.data() + value.size();
  if (const auto [at, error] = std::from_chars(value.data(), end, seconds);
      error == std::errc{} && at == end)
    return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), kRetryAfterMax);
  std::tm date{};
  const std::string text(value);
  const char* const rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const auto when = std::chrono::system_clock::from_time_t(::timegm(&date));
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(when - now);
  return std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds(0), kRetryAfterMax);
}

Refusal refusal_of(const net::HttpResponseHead& head, std::string_view body,
                   std::string_view prompt_text) {
  const auto said = parse_error(body);
  Refusal out = made(static_cast<int>(head.status), said ? said->message : "",
                     said ? said->type : "", prompt_text);
  if (const std::string* wish = head.find("Retry-After"))
    out.retry_after = parse_retry_after(*wish, std::chrono::system_clock::now());
  return out;
}

Refusal refusal_of(const WireError& error, std::string_view prompt_text) {
  if (error.status) return made(*error.status, error.message, error.type, prompt_text);
  const std::string shown = shown_message(error.message, prompt_text);
  return {.error = {Errc::unavailable, fmt::format("the model server ended the answer with an "
                                                   "error{}{}",
                                                   shown.empty() ? "" : ": ", shown)}};
}

}  // namespace leyden::llm
