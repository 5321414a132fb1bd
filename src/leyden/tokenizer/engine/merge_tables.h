#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/character_cuts.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer::engine {

// How merging makes a token: its last merge, of the only two tokens that this merge can be of.
struct Origin {
  TokenId left = 0;
  TokenId right = 0;
  std::uint32_t rank =
      0;  // Of that merge, from 1; 0 for a symbol (a byte or character that text begins as).
  std::uint32_t length = 0;  // In bytes; 0: merging never makes this token.
};

// What two tokens become. In each slot left (20 bits), right (20), merged + 1 (20); 0 is free. Open addressing in a table of
// a power of two, at most half full. A view.
class PairTable {
 public:
  explicit PairTable(std::span<const std::uint64_t> slots)
      : slots_(slots.data()), mask_(slots.size() - 1), shift_(shift_of(slots.size())) {}

  // 0xFFFFFFFF where they don't.
  [[nodiscard]] TokenId merged(TokenId left, TokenId right) const {
    const std::uint64_t wanted = key(left, right);
    for (std::size_t slot = hash(wanted) >> shift_;; slot = (slot + 1) & mask_) {
      const std::uint64_t entry = slots_[slot];
      if (entry == 0 || entry >> kIdBits == wanted)
        return static_cast<TokenId>(entry & kIdMask) - 1;
    }
  }

  static void add(std::vector<std::uint64_t>& slots, TokenId left, TokenId right, TokenId merged) {
    const std::uint64_t pair = key(left, right);
    std::size_t slot = home(pair, slots.size());
    while (slots[slot] != 0) slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = pair << kIdBits | (merged + 1);
  }
  static constexpr std::uint64_t key(TokenId left, TokenId right) {
    return std::uint64_t{left} << kIdBits | right;
  }
  // Where the search for a key begins in a table of so many slots.
  static std::size_t home(std::uint64_t key, std::size_t slots) {
    return hash(key) >> shift_of(slots);
  }

 private:
  static constexpr unsigned kIdBits = 20;
  static constexpr std::uint64_t kIdMask = (std::uint64_t{1} << kIdBits) - 1;
  static constexpr std::uint64_t hash(std::uint64_t key) { return key * 0x9E3779B97F4A7C15ULL; }
  static unsigned shift_of(std::size_t slots) {
    return 64U - static_cast<unsigned>(std::countr_zero(slots));
  }
  const std::uint64_t* slots_;
  std::size_t mask_;
  unsigned shift_;
};

// The tables of a byte-pair vocabulary by which Merger encodes. Views: of an image, or of an Owner.
struct MergeTables {
  std::span<const Origin> origins;  // By ID.
  std::span<const TokenId>
      prefixes;  // By ID: the longest token of the trie that is a proper prefix; kNone where none is.
  std::span<const std::uint64_t>
      pairs;  // PairTable's: the origins from left and right to the token.
  std::span<const std::uint64_t> trie;  // The tokens that backtracking may use: see trie.h.
  // The tokens that are made against the order of ranks and hold no other such token: a text without them is encoded by
  // backtracking. Each as its length (a byte) and bytes. Empty for most vocabularies.
  std::string_view guarded;
  // To see quickly that a text holds none: a bit for the hash of one window of up to 8 bytes of each.
  std::span<const std::uint64_t> guard;
  std::uint32_t guard_windows = 0;  // Bit n: there are windows of n bytes.
  bool byte_level = true;           // Symbols are bytes; else characters.
  // Of byte-level vocabularies whose merges make higher IDs later, else empty: what two bytes become, by first * 256 + second.
  std::span<const TokenId> byte_pairs;
  CharacterCuts cuts;

  static constexpr TokenId kNone = 0xFFFFFFFF;
  static constexpr std::size_t kTokensMax = (std::size_t{1} << 20) - 2;  // IDs are kept in 20 bits.
  static constexpr unsigned kGuardBits = 15;

  // Whether left and right, each made by merging in the order of ranks, stay as they are when they stand side by side.
  [[nodiscard]] bool stay_apart(TokenId left, TokenId right) const;
  [[nodiscard]] bool is_guarded(std::string_view text) const;

  struct Owner {
    std::vector<Origin> origins;
    std::vector<TokenId> prefixes;
    std::vector<std::uint64_t> pairs;
    std::vector<std::uint64_t> trie;
    std::string guarded;
    std::vector<std::uint64_t> guard;
    std::uint32_t guard_windows = 0;
    bool byte_level = true;
    std::vector<TokenId> byte_pairs;
    CharacterCuts::Owner cuts;
    [[nodiscard]] MergeTables view() const {
      return {origins, prefixes,      pairs,      trie,       guarded,
              guard,   guard_windows, byte_level, byte_pairs, cuts.view()};
    }
  };
};

// What analyze_merges() found out about a vocabulary.
struct MergeAnalysis {
  // Tokens that merging never makes. Text becomes them only as whole pieces, where the model says so (BpeSpec::whole_first).
  std::vector<TokenId> unreachable;
  // Tokens made against the order of ranks: one of their parts, or a part's part, has a higher rank than the merge that
  // takes it. Text that holds one is encoded by merging in the order of ranks, all other by backtracking.
  std::vector<TokenId> against_order;
  MergeTables::Owner tables;
};

// Finds the origin of every token, and proves for which texts a vocabulary may be encoded by backtracking (van Antwerpen and
// Neubeck 2024, github/rust-gems `bpe`; restated here for merges by rank, and for vocabularies that break its assumption):
//
//   1. Merging within the bytes of a token c does not depend on what stands around c as long as no merge crosses its borders. So
//      whenever merging makes c, its last merge is the one that merging c's bytes alone ends with: its origin. Other
//      merges in the list that would make c never happen.
//   2. Where for every origin (a, b) -> c that can occur in a text a's and b's origins have lower ranks than c's, ranks only grow
//      while merging goes on.
//   3. Then tokens t1 ... tn are the encoding of their bytes if and only if each neighbouring pair is: a first merge across a border
//      would happen in the pair alone just as well.
//
// For each token either an origin in the order of ranks is found (stay_apart decides by the tokens before it), or merging its bytes alone
// is simulated: it ends in the token, which is then `against_order`, or it does not. A text without the bytes of such tokens fulfils 2.
//
// Errors: unsupported, for vocabularies that this can't be done for: prefixes or suffixes written within words, too many tokens.
[[nodiscard]] Result<MergeAnalysis> analyze_merges(const BpeSpec& spec,
                                                   std::size_t vocabulary_size);

}  // namespace leyden::tokenizer::engine
