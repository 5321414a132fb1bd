#pragma once

#include "leyden/base/result.h"
#include "leyden/tokenizer/tokenizer.h"

struct llama_vocab;

namespace leyden::llm::llamacpp {

// Whether both sides mean the same text by the same IDs: size of the vocabulary, the bytes of every
// token, and the IDs of a probe text in which the usual mistakes show (digits, contractions,
// whitespace runs, several scripts, emoji). It is a strong check, no proof. About 50 ms for 150,000
// tokens. Errors: unsupported, with the first place where they differ.
[[nodiscard]] Result<void> check_same_tokenizer(const llama_vocab& model,
                                                const tokenizer::Tokenizer& tokenizer);

}  // namespace leyden::llm::llamacpp
