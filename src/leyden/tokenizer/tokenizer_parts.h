#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/tokenizer/added_tokens.h"
#include "leyden/tokenizer/decoders/token_decoder.h"
#include "leyden/tokenizer/engine/fast_encoder.h"
#include "leyden/tokenizer/models/byte_trie.h"
#include "leyden/tokenizer/safe_cut.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/vocabulary.h"

namespace leyden::tokenizer {

// What a tokenizer is made of. All of it comes from a specification, which takes a while, or is a view of an image
// (image/image.h), in which it was left like this.
struct TokenizerParts {
  std::shared_ptr<const void> owner;  // Of what the other parts are views of.
  Digest fingerprint;
  Vocabulary vocabulary{0};  // All tokens; added ones are TokenKind::special.
  ByteTrie added_ids;        // Added tokens by their text.
  AddedTokens in_given_text;
  AddedTokens in_normalized_text;
  std::vector<std::pair<TokenId, std::string>> normalized_texts;  // Which normalization changed.
  bool has_normalizers = false;
  TemplateSpec post;
  SafeCut safe_cut;
  DecoderSpec decoder;
  std::optional<engine::FastTables> fast;  // nullopt: the encoder is made of the specification.
};

// Errors: unsupported, corrupt: a part of the specification that can't be used; says which. Keeps nothing of `spec`.
[[nodiscard]] Result<TokenizerParts> build_parts(const TokenizerSpec& spec);

}  // namespace leyden::tokenizer
