#pragma once

#include <map>
#include <memory>
#include <string>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/plain/pretokenize.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer::plain {

// One piece to IDs.
class Model {
 public:
  virtual ~Model() = default;
  [[nodiscard]] virtual TokenIds encode(const Piece& piece) const = 0;
};

[[nodiscard]] std::unique_ptr<Model> make_bpe(const BpeSpec& spec);
[[nodiscard]] std::unique_ptr<Model> make_unigram(const TokenizerSpec& spec);
[[nodiscard]] std::unique_ptr<Model> make_wordpiece(const WordPieceSpec& spec);
[[nodiscard]] std::unique_ptr<Model> make_wordlevel(const WordLevelSpec& spec);

using Vocabulary = std::map<std::string, TokenId, std::less<>>;
[[nodiscard]] inline Vocabulary vocabulary_of(const std::vector<SpecToken>& tokens) {
  Vocabulary ids;
  for (const SpecToken& token : tokens) ids[token.bytes] = token.id;
  return ids;
}

// The token that a byte falls back to: "<0x0A>".
[[nodiscard]] std::string byte_token(std::uint8_t byte);
// The tokens of all bytes of `text`, or nullopt where one is missing.
[[nodiscard]] std::optional<TokenIds> byte_tokens(const Vocabulary& ids, std::string_view text);

}  // namespace leyden::tokenizer::plain
