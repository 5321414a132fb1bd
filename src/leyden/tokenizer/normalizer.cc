#include "leyden/tokenizer/normalizer.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <numeric>
#include <span>
#include <vector>

#include <utf8proc.h>

#include "leyden/base/utf8.h"

namespace leyden::tokenizer {
namespace {

std::size_t ascii_run(std::string_view text, std::size_t position) {
  std::size_t at = position;
  while (at + 8 <= text.size()) {
    std::uint64_t block = 0;
    std::memcpy(&block, text.data() + at, 8);
    if ((block & 0x8080808080808080ULL) != 0) break;
    at += 8;
  }
  while (at < text.size() && static_cast<std::uint8_t>(text[at]) < 0x80) ++at;
  return at - position;
}

// The references' NFC (Hugging Face's `unicode-normalization-alignments`) is at Unicode 9.0, utf8proc's at 15.0: what was
// assigned in between with a combining class or a composition is left alone there, so it is here.
struct Range {
  char32_t first;
  char32_t last;
};
constexpr Range kAfterUnicode9[] = {
    {0x07FD, 0x07FD},   {0x0898, 0x089F},   {0x08CA, 0x08D3},   {0x09FE, 0x09FE},
    {0x0C3C, 0x0C3C},   {0x0D3B, 0x0D3C},   {0x0EBA, 0x0EBA},   {0x1715, 0x1715},
    {0x1ABF, 0x1ACE},   {0x1DF6, 0x1DFA},   {0xA82C, 0xA82C},   {0x10D24, 0x10D27},
    {0x10EAB, 0x10EAC}, {0x10EFD, 0x10EFF}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85},
    {0x11070, 0x11070}, {0x1133B, 0x1133B}, {0x1145E, 0x1145E}, {0x11839, 0x1183A},
    {0x11930, 0x11930}, {0x11935, 0x11935}, {0x11938, 0x11938}, {0x1193D, 0x1193E},
    {0x11943, 0x11943}, {0x119E0, 0x119E0}, {0x11A34, 0x11A34}, {0x11A47, 0x11A47},
    {0x11A99, 0x11A99}, {0x11D42, 0x11D42}, {0x11D44, 0x11D45}, {0x11D97, 0x11D97},
    {0x11F41, 0x11F42}, {0x16FF0, 0x16FF1}, {0x1E08F, 0x1E08F}, {0x1E130, 0x1E136},
    {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF}, {0x1E4EC, 0x1E4EF},
};

bool is_after_unicode9(char32_t code_point) {
  auto range = std::ranges::lower_bound(kAfterUnicode9, code_point, {}, &Range::last);
  return range != std::end(kAfterUnicode9) && range->first <= code_point;
}

std::size_t combining_class(utf8proc_int32_t code_point) {
  return static_cast<std::size_t>(utf8proc_get_property(code_point)->combining_class);
}

bool is_mark(utf8proc_int32_t code_point) { return combining_class(code_point) != 0; }

// The canonical ordering: by combining class, equals as they stood. A counting sort, so that a megabyte of marks is linear.
void sort_marks(std::span<utf8proc_int32_t> marks) {
  std::array<std::size_t, 257> start{};
  for (utf8proc_int32_t mark : marks) ++start[combining_class(mark) + 1];
  std::partial_sum(start.begin(), start.end(), start.begin());
  std::vector<utf8proc_int32_t> sorted(marks.size());
  for (utf8proc_int32_t mark : marks) sorted[start[combining_class(mark)]++] = mark;
  std::ranges::copy(sorted, marks.begin());
}

// Canonical decomposition, canonical ordering, canonical composition. utf8proc has all three in one call, but its ordering
// is quadratic in the length of a run of marks, so that part is sort_marks().
constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);

void flush_nfc(std::string& out, std::vector<utf8proc_int32_t>& points);

void append_nfc(std::string& out, std::string_view span) {
  std::vector<utf8proc_int32_t> points;
  points.reserve(span.size());
  for (std::size_t at = 0; at < span.size();) {
    utf8::Decoded next = utf8::decode(span, at);
    at += next.size;
    if (is_after_unicode9(next.code_point)) {
      flush_nfc(out, points);
      utf8::append(out, next.code_point);
      continue;
    }
    utf8proc_int32_t buffer[32];
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(next.code_point),
                                                     buffer, 32, kOptions, &boundary);
    assert(count > 0 && count <= 32);
    points.insert(points.end(), buffer, buffer + count);
  }
  flush_nfc(out, points);
}

// Orders and composes what was decomposed, appends it and empties `points`.
void flush_nfc(std::string& out, std::vector<utf8proc_int32_t>& points) {
  for (auto at = points.begin(); at != points.end();) {
    auto end = std::find_if_not(at, points.end(), is_mark);
    if (end - at > 1) sort_marks({at, end});
    at = end == points.end() ? end : end + 1;
  }
  utf8proc_ssize_t length = utf8proc_normalize_utf32(
      points.data(), static_cast<utf8proc_ssize_t>(points.size()), kOptions);
  assert(length >= 0);
  for (utf8proc_ssize_t i = 0; i < length; ++i) {
    utf8::append(out, static_cast<char32_t>(points[static_cast<std::size_t>(i)]));
  }
  points.clear();
}

}  // namespace

bool is_ascii(std::string_view text) { return ascii_run(text, 0) == text.size(); }

std::string to_nfc(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    // An ASCII character never changes and composes only with what follows it, so each run of other characters is
    // normalised together with the one ASCII character before it.
    std::size_t plain = ascii_run(text, at);
    if (at + plain == text.size()) {
      out += text.substr(at);
      break;
    }
    std::size_t start = at + plain - (plain > 0 ? 1 : 0);
    out += text.substr(at, start - at);
    std::size_t end = at + plain;
    while (end < text.size() && static_cast<std::uint8_t>(text[end]) >= 0x80) ++end;
    append_nfc(out, text.substr(start, end - start));
    at = end;
  }
  return out;
}

}  // namespace leyden::tokenizer
