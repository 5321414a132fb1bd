#include "leyden/net/sse_parser.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>

namespace leyden::net {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Where the first CR or LF is; text.size() when there is none. Eight bytes at a time.
std::size_t line_end(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighs = 0x8080808080808080U;
  static_assert(std::endian::native == std::endian::little);
  // A bit at each zero byte; the lowest of them is exact.
  const auto zeros = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t found = zeros(word ^ (kOnes * '\n')) | zeros(word ^ (kOnes * '\r'));
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  while (at < text.size() && text[at] != '\n' && text[at] != '\r') ++at;
  return at;
}

}  // namespace

void SseParser::Text::set(std::string_view text, bool lasts) {
  copied_ = !lasts;
  view_ = lasts ? text : std::string_view();
  if (copied_) copy_.assign(text);
}

void SseParser::Text::add_line(std::string_view text) {
  keep();
  copy_ += '\n';
  copy_ += text;
}

void SseParser::Text::keep() {
  if (copied_) return;
  copy_.assign(view_);
  copied_ = true;
}

std::unexpected<Error> SseParser::broken(std::string_view what, std::size_t limit) {
  broken_ =
      Error{Errc::corrupt,
            fmt::format("the server's event stream has {} of more than {} bytes", what, limit)};
  return std::unexpected(*broken_);
}

void SseParser::skip_byte_order_mark(std::string_view& bytes) {
  while (mark_bytes_ < kByteOrderMark.size()) {
    if (bytes.empty()) return;
    if (bytes.front() != kByteOrderMark[mark_bytes_]) {
      line_ = kByteOrderMark.substr(0, mark_bytes_);  // It was none.
      break;
    }
    bytes.remove_prefix(1);
    ++mark_bytes_;
  }
  mark_bytes_ = std::string_view::npos;
}

Result<std::optional<SseEvent>> SseParser::next(std::string_view& bytes) {
  if (broken_) return std::unexpected(*broken_);
  if (std::exchange(given_, false)) {
    type_.clear();
    data_.clear();
    has_data_ = false;
  }
  if (mark_bytes_ != std::string_view::npos) skip_byte_order_mark(bytes);
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t size = line_end(bytes);
    if (line_.size() + size > limits_.line_bytes) return broken("a line", limits_.line_bytes);
    std::string_view line = bytes.substr(0, size);
    if (size == bytes.size()) {
      line_ += line;
      bytes = {};
      break;
    }
    after_cr_ = bytes[size] == '\r';
    bytes.remove_prefix(size + 1);
    const bool in_parts = !line_.empty();
    if (in_parts) line = line_ += line;
    if (line.empty()) {
      if (has_data_) {
        given_ = true;
        return SseEvent{type_.empty() ? "message" : type_.view(), data_.view(), id_};
      }
      type_.clear();
      continue;
    }
    const bool fits = take_line(line, !in_parts);
    line_.clear();
    if (!fits) return broken("an event", limits_.event_bytes);
  }
  type_.keep();
  data_.keep();
  return std::nullopt;
}

// False: the event is too large.
bool SseParser::take_line(std::string_view line, bool lasts) {
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value =
      colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    const std::size_t before = has_data_ ? data_.view().size() + 1 : 0;
    if (before + value.size() > limits_.event_bytes) return false;
    if (has_data_) {
      data_.add_line(value);
    } else {
      data_.set(value, lasts);
    }
    has_data_ = true;
  } else if (field == "event") {
    type_.set(value, lasts);
  } else if (field == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (field == "retry") {
    std::int64_t ms = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (error == std::errc() && end == value.data() + value.size() && value.front() != '-') {
      retry_ = std::chrono::milliseconds(ms);
    }
  }
  return true;  // Comments (no name before the colon) and unknown fields are skipped.
}

}  // namespace leyden::net
