#pragma once

#include <cstdint>
#include <string>

#include "leyden/base/result.h"
#include "leyden/tokenizer/loaders/gguf_reader.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// llama.cpp's token types.
enum class GgufTokenType : std::int64_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

// tokenizer.ggml.model "gpt2": byte-level BPE.
[[nodiscard]] Result<TokenizerSpec> read_gguf_byte_level(const Gguf& gguf,
                                                         const std::string& where);
// "llama": SentencePiece's BPE, by scores; "t5": its Unigram.
[[nodiscard]] Result<TokenizerSpec> read_gguf_sentencepiece(const Gguf& gguf,
                                                            const std::string& where, bool is_bpe);
// "bert": WordPiece.
[[nodiscard]] Result<TokenizerSpec> read_gguf_bert(const Gguf& gguf, const std::string& where);

}  // namespace leyden::tokenizer
