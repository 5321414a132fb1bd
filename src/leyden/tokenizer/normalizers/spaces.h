#pragma once

#include <memory>

#include "leyden/base/result.h"
#include "leyden/tokenizer/normalizers/text_normalizer.h"

namespace leyden::tokenizer {

// What SentencePiece's Normalizer::Normalize does with spaces, after its character map.
[[nodiscard]] Result<std::unique_ptr<TextNormalizer>> make_spaces_normalizer(
    const NormalizeSpaces& step);

}  // namespace leyden::tokenizer
