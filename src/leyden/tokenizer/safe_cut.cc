#include "leyden/tokenizer/safe_cut.h"

#include <algorithm>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/pretokenizers/native_pattern.h"

namespace leyden::tokenizer {

SafeCut::SafeCut(const TokenizerSpec& spec) {
  bool only_forms = std::ranges::all_of(spec.normalizers, [](const NormalizerStep& step) {
    return std::holds_alternative<NormalizeUnicode>(step);
  });
  right_must_be_ascii_ = !spec.normalizers.empty();
  pattern_ = native_pattern(spec.pretokenizers);
  if (only_forms && pattern_) rule_ = Rule::native_pattern;
}

bool SafeCut::holds(std::string_view left, std::string_view right) const {
  if (rule_ == Rule::none) return false;
  // The rules speak of characters: nothing is claimed for a cut beside ill-formed bytes.
  std::size_t last = left.size() - 1;
  while (last > 0 && left.size() - last < 4 &&
         (static_cast<unsigned char>(left[last]) & 0xC0U) == 0x80) {
    --last;
  }
  if (!utf8::is_valid(left.substr(last)) || !utf8::decode(right, 0).valid) return false;
  if (right_must_be_ascii_ && static_cast<unsigned char>(right.front()) >= 0x80) return false;
  return is_pretoken_border(*pattern_, left, right);
}

}  // namespace leyden::tokenizer
