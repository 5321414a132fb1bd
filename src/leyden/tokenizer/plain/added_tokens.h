#pragma once

#include <optional>
#include <vector>

#include "leyden/tokenizer/plain/text.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer::plain {

struct Wanted {
  AddedToken token;
  std::u32string chars;  // What is searched: the token's text, normalized if the token is.
};

struct Section {
  Text text;
  std::optional<TokenId> id;  // A token's, or empty for ordinary text.
};

// Cuts text at added tokens: from left to right, at each place the longest. What the policy does not allow is found, too,
// and left as text, as Hugging Face's `encode_special_tokens` does.
[[nodiscard]] std::vector<Section> cut_at_added(const Text& text, const std::vector<Wanted>& wanted,
                                                const SpecialPolicy& policy);

}  // namespace leyden::tokenizer::plain
