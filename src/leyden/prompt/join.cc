#include "leyden/prompt/join.h"

#include <string>
#include <vector>

namespace leyden::prompt {

TokenIds encode_text(const tokenizer::Tokenizer& tokenizer, std::string_view text) {
  return tokenizer.encode(text, {.special = tokenizer::SpecialPolicy::document()});
}

Joined join(const tokenizer::Tokenizer& tokenizer, std::span<const Piece> pieces) {
  Joined joined;
  std::vector<Piece> group;  // Pieces that hang together: no cut between them is proven.
  std::string
      group_text;  // Of a group of several; what a cut looks back on must not end with the last piece.
  auto flush = [&] {
    if (group.size() == 1) {
      joined.ids.insert(joined.ids.end(), group[0].ids.begin(), group[0].ids.end());
    } else if (!group.empty()) {
      joined.reencoded_pieces += group.size();
      TokenIds anew = encode_text(tokenizer, group_text);
      joined.ids.insert(joined.ids.end(), anew.begin(), anew.end());
    }
    group.clear();
  };
  for (const Piece& piece : pieces) {
    if (!piece.special && piece.text.empty())
      continue;  // It would hide its neighbours from one another.
    std::string_view before = group.size() == 1 ? group[0].text : std::string_view(group_text);
    if (!group.empty() &&
        (piece.special || group[0].special || tokenizer.is_safe_cut(before, piece.text)))
      flush();
    if (group.size() == 1) group_text = group[0].text;
    if (!group.empty()) group_text += piece.text;
    group.push_back(piece);
  }
  flush();
  return joined;
}

TokenIds join_plain(const tokenizer::Tokenizer& tokenizer, std::span<const Piece> pieces) {
  TokenIds ids;
  std::string text;
  auto flush = [&] {
    TokenIds encoded = encode_text(tokenizer, text);
    ids.insert(ids.end(), encoded.begin(), encoded.end());
    text.clear();
  };
  for (const Piece& piece : pieces) {
    if (piece.special) {
      flush();
      ids.insert(ids.end(), piece.ids.begin(), piece.ids.end());
    } else {
      text += piece.text;
    }
  }
  flush();
  return ids;
}

}  // namespace leyden::prompt
