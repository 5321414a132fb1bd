#pragma once

#include <map>
#include <optional>
#include <string>

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
  std::map<TokenId, std::string> texts_;
  std::vector<DecoderStep> steps_;
  bool to_bytes_;
};

}  // namespace leyden::tokenizer::plain
