#pragma once

#include <optional>
#include <vector>

#include "leyden/tokenizer/pretokenizer.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// The hand-written scanner that cuts exactly as all of these pre-tokenizers do, one after the other; nullopt when there is
// none.
[[nodiscard]] std::optional<Pattern> native_pattern(const std::vector<PretokenizerStep>& steps);

}  // namespace leyden::tokenizer
