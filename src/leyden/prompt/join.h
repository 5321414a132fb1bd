#pragma once

#include <span>
#include <string_view>

#include "leyden/tokenizer/tokenizer.h"

namespace leyden::prompt {

// The IDs of a prompt's text as all text in prompts is encoded: none of it becomes a control token, whoever wrote it.
[[nodiscard]] TokenIds encode_text(const tokenizer::Tokenizer& tokenizer, std::string_view text);

// One part of a prompt: a text with the IDs of its encoding (encode_text), or a special token (then `text` is empty, `ids` one ID).
struct Piece {
  std::string_view text;
  TokenIdsView ids;
  bool special = false;

  [[nodiscard]] static Piece of(std::string_view text, TokenIdsView ids) {
    return {.text = text, .ids = ids, .special = false};
  }
};

struct Joined {
  TokenIds ids;
  std::size_t reencoded_pieces = 0;  // Joined by encoding anew, because no rule proves the cut.
};

// The IDs of the pieces as one prompt: bit for bit what a fresh encoding of the same layout gives. IDs are put side by side
// where the tokenizer proves the cut (is_safe_cut) or a special token stands between; neighbours across an unproven
// cut are encoded together.
[[nodiscard]] Joined join(const tokenizer::Tokenizer& tokenizer, std::span<const Piece> pieces);

// The slow way, to check join() by: concatenates the texts between special tokens and encodes them.
[[nodiscard]] TokenIds join_plain(const tokenizer::Tokenizer& tokenizer,
                                  std::span<const Piece> pieces);

}  // namespace leyden::prompt
