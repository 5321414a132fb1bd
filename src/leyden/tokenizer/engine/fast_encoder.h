#pragma once

#include <memory>

#include "leyden/tokenizer/engine/kernel.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/text_encoder.h"

namespace leyden::tokenizer::engine {

// The fused encoder for a specification: byte-level BPE with a pattern that we know, SentencePiece-style BPE whose words can
// be encoded one by one, and others whose words can (local_encoder.h). nullptr where there is none, and PipelineEncoder has to do it. Keeps nothing of `spec`.
[[nodiscard]] std::unique_ptr<TextEncoder> make_fast_encoder(const TokenizerSpec& spec, Isa isa);

}  // namespace leyden::tokenizer::engine
