#pragma once

#include <memory>

#include "leyden/base/result.h"
#include "leyden/tokenizer/engine/isa.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/text_encoder.h"

namespace leyden::tokenizer::engine {

// The general pipeline, a word at a time, each word once: for tokenizers whose every step treats a word that stands between single
// spaces and printable ASCII characters (Cut::plain_words) alike wherever it stands. Most Unigram and WordPiece tokenizers
// are so. nullptr for all others.
[[nodiscard]] std::unique_ptr<TextEncoder> make_local_encoder(const TokenizerSpec& spec, Isa isa);

}  // namespace leyden::tokenizer::engine
