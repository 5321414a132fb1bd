#include "leyden/tokenizer/special_tokens.h"

#include <algorithm>
#include <utility>

namespace leyden::tokenizer {

SpecialTokenSet::SpecialTokenSet(std::vector<SpecialToken> tokens) : tokens_(std::move(tokens)) {
  std::erase_if(tokens_, [](const SpecialToken& token) { return token.text.empty(); });
  std::ranges::sort(tokens_, [](const SpecialToken& a, const SpecialToken& b) {
    return a.text.size() != b.text.size() ? a.text.size() > b.text.size() : a.id < b.id;
  });
  for (const SpecialToken& token : tokens_) {
    if (!first_bytes_.contains(token.text.front())) first_bytes_ += token.text.front();
  }
}

std::optional<SpecialTokenSet::Match> SpecialTokenSet::find(std::string_view text,
                                                            std::size_t from) const {
  if (tokens_.empty()) return std::nullopt;
  for (std::size_t at = text.find_first_of(first_bytes_, from); at != std::string_view::npos;
       at = text.find_first_of(first_bytes_, at + 1)) {
    for (const SpecialToken& token : tokens_) {
      if (text.substr(at).starts_with(token.text)) return Match{at, token.text.size(), token.id};
    }
  }
  return std::nullopt;
}

std::optional<TokenId> SpecialTokenSet::id_of(std::string_view text) const {
  auto found = std::ranges::find(tokens_, text, &SpecialToken::text);
  if (found == tokens_.end()) return std::nullopt;
  return found->id;
}

}  // namespace leyden::tokenizer
