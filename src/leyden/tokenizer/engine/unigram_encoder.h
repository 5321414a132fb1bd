#pragma once

#include <memory>

#include "leyden/tokenizer/engine/isa.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/text_encoder.h"

namespace leyden::tokenizer::engine {

// SentencePiece's Unigram, each word once. Its float sums run over the whole text and round by what is before a word: where the second
// best way is far enough from the best (UnigramModel::encode_certain) the word has the same IDs everywhere and tables keep them; the
// others are searched anew each time, from the sum that the text has there, which is made of the IDs' scores one by
// one, as the reference makes it. nullptr for models whose words can't be encoded one by one.
[[nodiscard]] std::unique_ptr<TextEncoder> make_unigram_encoder(const TokenizerSpec& spec, Isa isa);

}  // namespace leyden::tokenizer::engine
