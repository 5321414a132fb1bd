#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer {

// Text on its way through normalizers, with the place in the given text that each byte comes from: only kept when somebody
// asks for offsets, because it is sixteen times the text.
class NormalizedText {
 public:
  // Nothing yet.
  explicit NormalizedText(bool tracked) : tracked_(tracked) {}
  // `text` as given; it begins at byte `start` of the text that spans refer to.
  NormalizedText(std::string_view text, std::size_t start, bool tracked)
      : text_(text), tracked_(tracked) {
    if (!tracked_) return;
    origins_.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) origins_.push_back({start + i, start + i + 1});
  }

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] bool tracked() const { return tracked_; }

  // Where bytes [begin, end) come from; an empty span when not tracked or when there are no bytes.
  [[nodiscard]] Span origin(std::size_t begin, std::size_t end) const {
    if (!tracked_ || begin >= end) return {};
    Span span = origins_[begin];
    for (std::size_t i = begin; i < end; ++i) {
      span.begin = std::min(span.begin, origins_[i].begin);
      span.end = std::max(span.end, origins_[i].end);
    }
    return span;
  }

  // Appends bytes [begin, end) of `from` as they are.
  void copy(const NormalizedText& from, std::size_t begin, std::size_t end) {
    text_.append(from.text_, begin, end - begin);
    if (!tracked_) return;
    origins_.insert(origins_.end(), from.origins_.begin() + static_cast<std::ptrdiff_t>(begin),
                    from.origins_.begin() + static_cast<std::ptrdiff_t>(end));
  }
  // Appends new text that stands for bytes [begin, end) of `from`.
  void put(std::string_view bytes, const NormalizedText& from, std::size_t begin, std::size_t end) {
    text_ += bytes;
    if (tracked_) origins_.insert(origins_.end(), bytes.size(), from.origin(begin, end));
  }
  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  void clear() {
    text_.clear();
    origins_.clear();
  }
  // Keeps bytes [begin, end) only.
  void trim(std::size_t begin, std::size_t end) {
    text_ = text_.substr(begin, end - begin);
    if (!tracked_) return;
    origins_ = {origins_.begin() + static_cast<std::ptrdiff_t>(begin),
                origins_.begin() + static_cast<std::ptrdiff_t>(end)};
  }

 private:
  std::string text_;
  std::vector<Span> origins_;  // One for each byte when tracked.
  bool tracked_;
};

}  // namespace leyden::tokenizer
