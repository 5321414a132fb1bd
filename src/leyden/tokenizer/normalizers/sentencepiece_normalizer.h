#pragma once

#include <memory>

#include "leyden/base/result.h"
#include "leyden/tokenizer/normalizers/text_normalizer.h"

namespace leyden::tokenizer {

// SentencePiece's Normalizer::Normalize: the character map and the handling of spaces, which looks at what single rules
// gave. `charsmap` may be empty. Errors: corrupt (the map).
[[nodiscard]] Result<std::unique_ptr<TextNormalizer>> make_sentencepiece_normalizer(
    const NormalizeCharsmap& charsmap, const NormalizeSpaces& spaces);

}  // namespace leyden::tokenizer
