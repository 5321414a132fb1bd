#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer::plain {

// IDs to text: the tokens' texts as the file writes them, through the decoders, one after the other.
class Decoders {
 public:
  explicit Decoders(const TokenizerSpec& spec);
  // nullopt for an ID that stands for nothing.
  [[nodiscard]] std::optional<std::string> decode(TokenIdsView ids) const;

 private:
  [[nodiscard]] std::string sentencepiece(TokenIdsView ids, const DecodeSentencePiece& step) const;

  std::map<TokenId, std::string> texts_;
  std::vector<DecoderStep> steps_;
  bool to_bytes_;
  std::set<TokenId> controls_;
  std::optional<TokenId> unknown_;
  bool byte_fallback_ = false;
};

}  // namespace leyden::tokenizer::plain
