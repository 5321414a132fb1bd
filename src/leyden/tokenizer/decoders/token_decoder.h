#pragma once

#include <memory>
#include <string>

#include "leyden/base/result.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/tokenizer.h"
#include "leyden/tokenizer/vocabulary.h"

namespace leyden::tokenizer {

// IDs to text, as the reference's decoder writes it. const, safe to share.
class TokenDecoder {
 public:
  virtual ~TokenDecoder() = default;
  // Errors: invalid_argument for an ID that is not in the vocabulary (the ID itself is not named).
  [[nodiscard]] virtual Result<std::string> decode(TokenIdsView ids) const = 0;
  // nullptr where each ID is decoded by itself.
  [[nodiscard]] virtual std::unique_ptr<IncrementalDecoder> incremental() const = 0;
};

// `vocabulary` outlives the decoder. Errors: unsupported.
[[nodiscard]] Result<std::unique_ptr<TokenDecoder>> make_decoder(const TokenizerSpec& spec,
                                                                 const Vocabulary& vocabulary);

// The answer to an ID that no token has.
[[nodiscard]] Error unknown_id(std::size_t position, std::size_t vocabulary_size);

}  // namespace leyden::tokenizer
