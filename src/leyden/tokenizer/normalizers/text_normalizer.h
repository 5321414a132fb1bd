#pragma once

#include <memory>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/tokenizer/normalizers/normalized_text.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// One step of a tokenizer's normalization. const, safe to share; linear in the text.
class TextNormalizer {
 public:
  virtual ~TextNormalizer() = default;
  // Replaces `text` (valid UTF-8) by its normalized form; does nothing, cheaply, where nothing is to be done.
  virtual void apply(NormalizedText& text) const = 0;
  // False when apply() would change nothing, where that is cheap to see.
  [[nodiscard]] virtual bool may_change(std::string_view text) const { return !text.empty(); }
};

// All steps, to be applied in order. Errors: unsupported (a pattern), corrupt (a character map).
[[nodiscard]] Result<std::vector<std::unique_ptr<TextNormalizer>>> make_normalizers(
    const std::vector<NormalizerStep>& steps);

}  // namespace leyden::tokenizer
