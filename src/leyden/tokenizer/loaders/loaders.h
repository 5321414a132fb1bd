#pragma once

#include <string>
#include <string_view>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// One reader for each kind of file; load.cc chooses. `where` is the file's name, for messages. Safe on any bytes, with
// memory bounded by a small multiple of the file's size. Errors: corrupt (says where), unsupported (names what).
[[nodiscard]] Result<TokenizerSpec> read_tiktoken(std::string_view content,
                                                  const std::string& where, std::string name);
[[nodiscard]] Result<TokenizerSpec> read_huggingface(std::string_view content,
                                                     const std::string& where, std::string name);
[[nodiscard]] Result<TokenizerSpec> read_sentencepiece(std::string_view content,
                                                       const std::string& where, std::string name);
[[nodiscard]] Result<TokenizerSpec> read_gguf_tokenizer(BytesView content, const std::string& where,
                                                        std::string name);

}  // namespace leyden::tokenizer
