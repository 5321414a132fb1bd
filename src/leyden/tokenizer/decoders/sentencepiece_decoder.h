#pragma once

#include <memory>

#include "leyden/tokenizer/decoders/token_decoder.h"

namespace leyden::tokenizer {

// SentencePieceProcessor::DecodeIds. `spec.decoders` is one DecodeSentencePiece.
[[nodiscard]] std::unique_ptr<TokenDecoder> make_sentencepiece_decoder(const TokenizerSpec& spec,
                                                                       TokenTexts texts);

}  // namespace leyden::tokenizer
