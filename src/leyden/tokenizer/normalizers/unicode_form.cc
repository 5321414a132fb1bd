#include "leyden/tokenizer/normalizers/unicode_form.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <span>
#include <vector>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/normalizer.h"
#include "leyden/tokenizer/unicode_classes.h"
#include "leyden/tokenizer/unicode_properties.h"

namespace leyden::tokenizer {
namespace {

using Form = NormalizeUnicode::Form;

struct Piece {
  char32_t code_point = 0;
  std::uint8_t combining_class = 0;
  std::size_t begin = 0;  // Where it comes from in the text.
  std::size_t end = 0;
  bool is_added = false;  // A part of a decomposition, not the first.
};

// The canonical ordering: by combining class, equals as they stood. A counting sort for long runs, so that a megabyte of
// marks is linear.
void sort_marks(std::span<Piece> marks) {
  if (marks.size() < 24) {
    for (std::size_t i = 1; i < marks.size(); ++i) {
      for (std::size_t k = i; k > 0 && marks[k - 1].combining_class > marks[k].combining_class; --k)
        std::swap(marks[k - 1], marks[k]);
    }
    return;
  }
  std::array<std::size_t, 257> start{};
  for (const Piece& mark : marks) ++start[mark.combining_class + std::size_t{1}];
  std::partial_sum(start.begin(), start.end(), start.begin());
  std::vector<Piece> sorted(marks.size());
  for (const Piece& mark : marks) sorted[start[mark.combining_class]++] = mark;
  std::ranges::copy(sorted, marks.begin());
}

// From one character that begins anew to the next.
class Cluster {
 public:
  Cluster(const NormalizedText& in, NormalizedText& out, Form form)
      : in_(in),
        out_(out),
        compatible_(form == Form::nfkc || form == Form::nfkd),
        composes_(form == Form::nfc || form == Form::nfkc) {}

  // Adds the character at [begin, end), decomposed. True when it begins anew: then what stood before it was put out.
  bool add(char32_t code_point, std::size_t begin, std::size_t end) {
    std::array<char32_t, 3> hangul{};
    std::u32string_view parts(&code_point, 1);
    auto flags = char_properties(code_point);
    if (code_point - 0xAC00 < 11172) {
      char32_t index = code_point - 0xAC00;
      hangul = {0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11A7 + index % 28};
      parts = std::u32string_view(hangul.data(), index % 28 == 0 ? 2 : 3);
    } else if ((flags & (compatible_ ? kChangesNfkd : kChangesNfd)) != 0) {
      parts = decomposition_of(code_point, compatible_);
    }
    bool anew = (char_properties(parts.front()) & (kCombining | kComposesBack)) == 0;
    if (anew) flush();
    bool is_added = false;
    for (char32_t part : parts) {
      bool combining = (char_properties(part) & kCombining) != 0;
      pieces_.push_back(
          {part, combining ? combining_class(part) : std::uint8_t{0}, begin, end, is_added});
      is_added = true;
    }
    return anew;
  }

  // Orders, composes and puts out what was added.
  void flush() {
    for (std::size_t at = 0; at < pieces_.size();) {
      std::size_t end = at;
      while (end < pieces_.size() && pieces_[end].combining_class != 0) ++end;
      if (end - at > 1) reorder(at, end);
      at = end + 1;
    }
    if (composes_) compose();
    for (const Piece& piece : pieces_) {
      buffer_.clear();
      utf8::append(buffer_, piece.code_point);
      out_.put(buffer_, in_, piece.begin, piece.end);
    }
    pieces_.clear();
  }

 private:
  // Puts the marks [begin, end) in order. What they come from stays in its order, as in Hugging Face: the first is where the first
  // was, whichever that is now; an added one is where the one in front of it is.
  void reorder(std::size_t begin, std::size_t end) {
    const auto marks = std::span(pieces_).subspan(begin, end - begin);
    if (std::ranges::is_sorted(marks, {}, &Piece::combining_class)) return;
    std::vector<Piece> given;
    std::ranges::copy_if(marks, std::back_inserter(given),
                         [](const Piece& mark) { return !mark.is_added; });
    sort_marks(marks);
    std::size_t next = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (pieces_[i].is_added && i == 0) continue;
      const Piece& place = pieces_[i].is_added ? pieces_[i - 1] : given[next++];
      pieces_[i].begin = place.begin;
      pieces_[i].end = place.end;
    }
  }

  void compose() {
    std::size_t kept = 0;
    std::size_t starter = kNone;
    int last_class = -1;  // Of what stands between the starter and the next, -1 when nothing does.
    for (const Piece& piece : pieces_) {
      if (starter != kNone && last_class < int{piece.combining_class}) {
        char32_t composed = composition_of(pieces_[starter].code_point, piece.code_point);
        if (composed != 0) {
          pieces_[starter].code_point = composed;
          pieces_[starter].end = std::max(pieces_[starter].end, piece.end);
          continue;
        }
      }
      if (piece.combining_class == 0) {
        starter = kept;
        last_class = -1;
      } else {
        last_class = piece.combining_class;
      }
      pieces_[kept++] = piece;
    }
    pieces_.resize(kept);
  }

  static constexpr std::size_t kNone = ~std::size_t{0};
  const NormalizedText& in_;
  NormalizedText& out_;
  bool compatible_;
  bool composes_;
  std::vector<Piece> pieces_;
  std::string buffer_;
};

unsigned active_properties(Form form) {
  constexpr unsigned kAlways = kCombining | kComposesBack;
  switch (form) {
    case Form::nfc:
      return kAlways | kChangesNfc;
    case Form::nfd:
      return kAlways | kChangesNfd;
    case Form::nfkc:
      return kAlways | kChangesNfkc;
    case Form::nfkd:
      return kAlways | kChangesNfkd;
  }
  return kAlways;
}

}  // namespace

bool may_change_form(std::string_view text) { return !is_ascii(text); }

void to_form(NormalizedText& normalized, NormalizeUnicode::Form form) {
  std::string_view text = normalized.text();
  if (!may_change_form(text)) return;
  unsigned active = active_properties(form);
  NormalizedText out(normalized.tracked());
  Cluster cluster(normalized, out, form);
  std::size_t copied = 0;    // Up to where `text` is in `out`.
  std::size_t previous = 0;  // The character before `at`.
  for (std::size_t at = 0; at < text.size();) {
    ClassedChar c = classed_char(text, at);
    if (c.code_point < 0x80 || (char_properties(c.code_point) & active) == 0) {
      previous = at;
      at += c.size;
      continue;
    }
    // This one may change, together with the character before it; go on to the next that begins anew and stays.
    std::size_t begin = std::max(previous, copied);
    out.copy(normalized, copied, begin);
    at = begin;
    while (at < text.size()) {
      c = classed_char(text, at);
      bool stays = c.code_point < 0x80 || (char_properties(c.code_point) & active) == 0;
      if (stays && at > begin) break;
      cluster.add(c.code_point, at, at + c.size);
      at += c.size;
    }
    cluster.flush();
    copied = previous = at;
  }
  if (copied == 0) return;
  out.copy(normalized, copied, text.size());
  normalized = std::move(out);
}

}  // namespace leyden::tokenizer
