#include "leyden/tokenizer/normalizers/spaces.h"

#include <utility>

namespace leyden::tokenizer {
namespace {

class SpacesNormalizer final : public TextNormalizer {
 public:
  explicit SpacesNormalizer(NormalizeSpaces step)
      : step_(step), space_(step.escape_whitespaces ? "\xE2\x96\x81" : " ") {}

  void apply(NormalizedText& normalized) const override {
    std::string_view text = normalized.text();
    if (text.empty()) return;
    NormalizedText out(normalized.tracked());
    out.reserve(text.size() + text.size() / 4);
    std::size_t at = 0;
    bool trims = step_.remove_extra_whitespaces;
    if (trims) {
      at = std::min(text.find_first_not_of(' '), text.size());
      if (at == text.size()) return normalized.clear();  // Nothing but spaces.
    }
    if (step_.add_dummy_prefix && !step_.treat_whitespace_as_suffix) {
      out.put(space_, normalized, at, at + 1);
    }
    while (at < text.size()) {
      std::size_t next = std::min(text.find(' ', at), text.size());
      out.copy(normalized, at, next);
      if (next == text.size()) break;
      // Of a run one is left.
      out.put(space_, normalized, next, next + 1);
      at = trims ? std::min(text.find_first_not_of(' ', next), text.size()) : next + 1;
    }
    // U+2581 in the text counts as a space here, too, as in the library.
    std::size_t end = out.text().size();
    while (trims && out.text().substr(0, end).ends_with(space_)) end -= space_.size();
    if (end < out.text().size()) out.trim(0, end);
    if (step_.add_dummy_prefix && step_.treat_whitespace_as_suffix) {
      out.put(space_, normalized, text.size() - 1, text.size());
    }
    normalized = std::move(out);
  }

 private:
  NormalizeSpaces step_;
  std::string_view space_;
};

}  // namespace

Result<std::unique_ptr<TextNormalizer>> make_spaces_normalizer(const NormalizeSpaces& step) {
  return std::make_unique<SpacesNormalizer>(step);
}

}  // namespace leyden::tokenizer
