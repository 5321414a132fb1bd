#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/spec_fields.h"
#include "leyden/tokenizer/tokenizer.h"
#include "leyden/tokenizer/vocabulary.h"

namespace leyden::tokenizer {

// What the tokens are called when decoded: as in the vocabulary, but for added tokens whose text was normalized.
struct TokenTexts {
  const Vocabulary* vocabulary = nullptr;  // Outlives the decoder.
  std::unordered_map<TokenId, std::string> normalized;

  // nullopt for an ID that no token has.
  [[nodiscard]] std::optional<std::string_view> of(TokenId id) const {
    if (vocabulary->kind(id) == TokenKind::absent) return std::nullopt;
    if (auto found = normalized.find(id); found != normalized.end()) return found->second;
    return vocabulary->bytes(id);
  }
};

// IDs to text, as the reference's decoder writes it. const, safe to share.
class TokenDecoder {
 public:
  virtual ~TokenDecoder() = default;
  // Errors: invalid_argument for an ID that is not in the vocabulary (the ID itself is not named).
  [[nodiscard]] virtual Result<std::string> decode(TokenIdsView ids) const = 0;
  // nullptr where each ID is decoded by itself. The decoder outlives it.
  [[nodiscard]] virtual std::unique_ptr<IncrementalDecoder> incremental() const = 0;
};

// What decides a decoder besides the tokens' texts.
struct DecoderSpec {
  bool tokens_are_bytes = true;  // Then the rest is empty.
  std::vector<DecoderStep> steps;
  // For SentencePiece's only.
  std::optional<TokenId> unknown;
  std::vector<TokenId> controls;  // Sorted.
};
template <class Archive, Is<DecoderSpec> T>
void fields(Archive&& archive, T& spec) {
  archive(spec.tokens_are_bytes, spec.steps, spec.unknown, spec.controls);
}
[[nodiscard]] DecoderSpec decoder_spec(const TokenizerSpec& spec);

// Errors: unsupported.
[[nodiscard]] Result<std::unique_ptr<TokenDecoder>> make_decoder(DecoderSpec spec,
                                                                 TokenTexts texts);

// The answer to an ID that no token has.
[[nodiscard]] Error unknown_id(std::size_t position, std::size_t vocabulary_size);

}  // namespace leyden::tokenizer
