#pragma once

#include <string_view>

#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer::huggingface {

// A number of a JSON text as serde_json reads it, with which Hugging Face's tokenizers are built: the first 19 or 20 digits as an
// integer, then one division or multiplication by a power of ten. That rounds twice, so that a score of 17 digits may be another
// double than the nearest one, and of two ways through a text that weigh the same another wins.
[[nodiscard]] double serde_number(std::string_view text);

// Gives the pieces of a Unigram model the scores that the reference has. `content`: the tokenizer.json that `unigram` is of.
void put_serde_scores(std::string_view content, UnigramSpec& unigram);

}  // namespace leyden::tokenizer::huggingface
