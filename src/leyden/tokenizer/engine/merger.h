#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/merge_tables.h"
#include "leyden/tokenizer/engine/trie.h"

namespace leyden::tokenizer::engine {

// Byte-pair encoding of one segment, exactly what merging gives.
//
// Mostly without merging, by backtracking: takes the longest token that goes with the one before, and steps back where none does. Linear
// in the text: a position that led nowhere is never tried again. Texts that MergeTables::is_guarded() catches are merged in the order of ranks,
// with a heap: n log n.
//
// Confined to one thread; keeps what it learns about pairs, and its buffers, from call to call, in bounded memory.
class Merger {
 public:
  explicit Merger(const MergeTables& tables);

  struct Done {
    std::size_t count = 0;  // Of tokens.
    std::size_t bytes = 0;  // That they stand for: up to the end, or to a symbol that is no token.
  };
  // Whether merge_tiny() can be used: merges in the order of ranks, which is the order of IDs (MergeTables::byte_pairs). For few
  // bytes that is quicker than backtracking with questions that were never asked before.
  [[nodiscard]] bool merges_tiny() const { return !tables_.byte_pairs.empty(); }
  // Writes the tokens of up to kTinyMax bytes, at most as many; returns how many. Only where merges_tiny().
  static constexpr std::size_t kTinyMax = 16;
  std::size_t merge_tiny(std::string_view text, TokenId* out) const;

  // Appends the tokens of `text`.
  Done encode(std::string_view text, TokenIds& out);

 private:
  static constexpr std::size_t kShortMax = 63;
  // Keeps everything in registers and on the stack.
  Done encode_short(std::string_view text, TokenIds& out);
  Done encode_long(std::string_view text, TokenIds& out);
  // Of one symbol again and again: the longest token of it, as often as there is room, and an end. Neighbours that go together are
  // the encoding (analyze_merges). nullopt where this does not apply.
  std::optional<Done> encode_run(std::string_view text, TokenIds& out);
  [[nodiscard]] bool go_together(TokenId left, TokenId right);
  Done merge_by_rank(std::string_view text, TokenIds& out);

  MergeTables tables_;
  Trie trie_;
  std::array<TokenId, 256> bytes_{};  // Of byte-level vocabularies.
  // Answers of stay_apart(), by a hash of the pair: left (20 bits), right (20), answer + 1 (2); 0 is free.
  std::vector<std::uint64_t> known_;
  std::vector<std::uint64_t> dead_ends_;  // A bit a position.
};

}  // namespace leyden::tokenizer::engine
