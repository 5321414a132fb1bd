#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/merge_tables.h"
#include "leyden/tokenizer/engine/trie.h"

namespace leyden::tokenizer::engine {

// Byte-pair encoding without merging (van Antwerpen and Neubeck 2024): takes the longest token that goes with the one before,
// and steps back where none does. Linear in the text: a position that led nowhere is never tried again. Gives exactly what merging
// gives, for vocabularies that prove_merges() accepts.
//
// Confined to one thread; keeps what it learns about pairs and its buffers from call to call, in bounded memory.
class BacktrackingMerger {
 public:
  explicit BacktrackingMerger(const MergeTables& tables);

  // Writes the tokens of `text` to `out`, which has room for as many as it has bytes, and returns how many. Every symbol of
  // the text (byte or character) must be a token. At most kShortMax bytes; keeps everything in registers and on the stack.
  static constexpr std::size_t kShortMax = 63;
  std::size_t encode_short(std::string_view text, TokenId* out);
  // Any length: appends.
  void encode_long(std::string_view text, TokenIds& out);

  [[nodiscard]] std::size_t owned_bytes() const;

 private:
  [[nodiscard]] bool go_together(TokenId left, TokenId right);

  MergeTables tables_;
  Trie trie_;
  // Answers of stay_apart(), by a hash of the pair: left (20 bits), right (20), answer + 1 (2); 0 is free.
  std::vector<std::uint64_t> known_;
  std::vector<std::uint64_t> dead_ends_;  // One bit a position; of encode_long.
};

}  // namespace leyden::tokenizer::engine
