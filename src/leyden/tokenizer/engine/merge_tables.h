#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer::engine {

// How a token came to be: the last merge, of the only two tokens that byte-pair encoding can make it of.
struct Origin {
  TokenId left = 0;
  TokenId right = 0;
  std::uint32_t rank = 0;  // Of that merge, from 1; 0 for a symbol that text begins as.
  std::uint32_t length = 0;  // In bytes; 0: byte-pair encoding never makes this token.
};

// The tables of a byte-pair vocabulary by which BacktrackingMerger encodes. Views: of an image, or of a MergeTables::Owner.
struct MergeTables {
  std::span<const Origin> origins;         // By ID.
  std::span<const TokenId> prefixes;       // By ID: the longest token that is a proper prefix, kNone where none is.
  std::span<const std::uint64_t> pairs;    // Two tokens to the merged one: see pair_entry().
  std::span<const std::uint64_t> trie;     // All tokens that merging makes: see trie.h.

  static constexpr TokenId kNone = 0xFFFFFFFF;
  static constexpr std::size_t kTokensMax = (std::size_t{1} << 20) - 2;  // IDs are kept in 20 bits.

  // Whether left and right, each made by merging, stay as they are when they stand side by side.
  [[nodiscard]] bool stay_apart(TokenId left, TokenId right) const;
  // The token that left and right become, kNone where they don't.
  [[nodiscard]] TokenId merged(TokenId left, TokenId right) const;

  struct Owner {
    std::vector<Origin> origins;
    std::vector<TokenId> prefixes;
    std::vector<std::uint64_t> pairs;
    std::vector<std::uint64_t> trie;
    [[nodiscard]] MergeTables view() const { return {origins, prefixes, pairs, trie}; }
  };
};

// What prove_merges() found out about a vocabulary.
struct MergeProof {
  bool holds = false;
  std::string reason;               // Where it does not.
  std::vector<TokenId> unreachable;  // Tokens that merging never makes. Text becomes them only as whole pieces, where the
                                     // model says so (BpeSpec::whole_first).
  std::size_t inversions = 0;        // Merges that come before a merge that makes one of their parts.
};

struct ProvenMerges {
  MergeProof proof;
  MergeTables::Owner tables;  // Empty where the proof fails.
};

// The load-time proof that a vocabulary may be encoded by backtracking (van Antwerpen and Neubeck 2024, github/rust-gems `bpe`,
// restated for merges by rank):
//
//   1. Merging within the bytes of a token c does not depend on what stands around c as long as no merge crosses its borders, so
//      whenever merging makes c, its last merge is the one that merging c's bytes alone ends with. It is c's origin.
//   2. If for every origin (a, b) -> c of rank r both a's and b's origins have lower ranks, ranks only grow while merging goes on.
//   3. Then tokens t1 ... tn are the encoding of their bytes if and only if each neighbouring pair is: a first merge across a border
//      would happen in the pair alone just as well.
//
// Checked for each token: that it has an origin with rank order as in 2, or that merging its bytes alone really does not end in it
// (simulated). Fails for vocabularies with tokens that are made against rank order; those need the ranked engine.
[[nodiscard]] ProvenMerges prove_merges(const BpeSpec& spec, std::size_t vocabulary_size);

}  // namespace leyden::tokenizer::engine
