#pragma once

#include <string>

#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer {

// Decodes IDs one by one as they arrive, and never gives out half a character: bytes that may still become
// one are held back (three at most) until the next ID or finish(). Confined to one thread.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}

  // The text that became complete with this ID; often empty. Errors: invalid_argument, as decode().
  [[nodiscard]] Result<std::string> push(TokenId id);
  // What was held back, as the bytes that they are.
  [[nodiscard]] std::string finish();

 private:
  const Tokenizer* tokenizer_;
  std::string held_;
};

}  // namespace leyden::tokenizer
