#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm {

// The tokens of a vocabulary that are no whole characters: those after which a text may end within one.
//
// llama.cpp's server does not tell of such tokens while it streams: it waits until their characters are whole, and then tells of the last
// token only, with the text of all (its process_token(); seen in builds of 2026). How many they were and which bytes they made is known, and
// mostly no other tokens make the same.
class PartialTokens {
 public:
  // Looks at the whole vocabulary.
  explicit PartialTokens(const tokenizer::Tokenizer& tokenizer);

  // The only `count` tokens that make `bytes`, each of which leaves a text within a character; nothing, where there are none, or several
  // ways, or it is too much to look at (64 bytes).
  [[nodiscard]] std::optional<TokenIds> only_split(std::string_view bytes, std::size_t count) const;

 private:
  struct Search;
  // By their bytes; kSeveral where several tokens have the same.
  std::unordered_map<std::string, TokenId> ids_;
  std::size_t longest_ = 0;
};

}  // namespace leyden::llm
