#pragma once

#include <memory>
#include <string>

#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer {

// Decodes IDs one by one as they arrive, and never gives out half a character: bytes that may still become
// one are held back (three at most) until the next ID or finish(). Confined to one thread.
class StreamDecoder {
 public:
  // `tokenizer` outlives the decoder.
  explicit StreamDecoder(const Tokenizer& tokenizer)
      : tokenizer_(&tokenizer), incremental_(tokenizer.incremental_decoder()) {}

  // The text that became complete with this ID; often empty. Errors: invalid_argument, as decode().
  [[nodiscard]] Result<std::string> push(TokenId id);
  // What was held back, as the bytes that they are: all texts together are decode() of all IDs.
  [[nodiscard]] std::string finish();

 private:
  const Tokenizer* tokenizer_;
  std::unique_ptr<IncrementalDecoder> incremental_;  // Null where each ID is decoded by itself.
  std::string held_;
};

}  // namespace leyden::tokenizer
