#pragma once

#include <memory>

#include "leyden/tokenizer/decoders/token_decoder.h"

namespace leyden::tokenizer {

// SentencePieceProcessor::DecodeIds. `spec.steps` is one DecodeSentencePiece.
[[nodiscard]] std::unique_ptr<TokenDecoder> make_sentencepiece_decoder(DecoderSpec spec,
                                                                       TokenTexts texts);

}  // namespace leyden::tokenizer
