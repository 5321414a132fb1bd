#pragma once

#include "leyden/tokenizer/normalizers/normalized_text.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// Replaces `text` by its Unicode normalization form (UAX #15) at the version that Hugging Face's is at (9.0): what came
// later is left alone there, so it is here. Linear.
void to_form(NormalizedText& text, NormalizeUnicode::Form form);

// False when the form leaves the text as it is for a reason that is cheap to see.
[[nodiscard]] bool may_change_form(std::string_view text);

}  // namespace leyden::tokenizer
