#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/vocabulary.h"

namespace leyden::tokenizer {

// Two neighbouring tokens that become one; lower ranks first.
struct Merge {
  TokenId left = 0;
  TokenId right = 0;
  TokenId merged = 0;
  std::uint32_t rank = 0;
};

// Byte-pair encoding (Sennrich et al. 2016, on bytes as in GPT-2): a pretoken begins as its bytes; of all neighbours that have
// a merge, the one of lowest rank (leftmost of equals) becomes one token, until none has. const, safe to share.
class BytePairModel {
 public:
  // `whole_first`: a pretoken that is a token is that token, whatever the merges say (tiktoken; `ignore_merges`).
  BytePairModel(Vocabulary vocabulary, const std::vector<Merge>& merges, bool whole_first);

  [[nodiscard]] const Vocabulary& vocabulary() const { return vocabulary_; }

  // Appends the IDs of one pretoken. n log n in its length. A byte that is no token is left out, as the references do.
  void encode(std::string_view pretoken, TokenIds& out) const;

 private:
  struct Pair {
    std::uint64_t key = kFree;
    std::uint32_t rank = 0;
    TokenId merged = 0;
  };
  static constexpr std::uint64_t kFree = ~0ULL;
  static constexpr std::uint32_t kNoRank = ~0U;
  static constexpr std::uint32_t kNoToken = ~0U;
  static constexpr std::size_t kShort = 64;

  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const;
  [[nodiscard]] const Pair* find(TokenId left, TokenId right) const;
  void merge_short(std::string_view pretoken, TokenIds& out) const;
  void merge_long(std::string_view pretoken, TokenIds& out) const;
  [[nodiscard]] bool encodes_to_itself(TokenId id) const;

  Vocabulary vocabulary_;
  std::vector<Pair> pairs_;  // Open addressing, a power of two, at most half full.
  unsigned shift_ = 0;
  std::array<TokenId, 256> byte_tokens_{};
  bool whole_first_;
  // Whether merging a token's bytes gives that token: found out when first asked. 0 unknown, 1 yes, 2 no. Relaxed: whoever
  // computes it gets the same answer.
  std::unique_ptr<std::atomic<std::uint8_t>[]> itself_;
};

}  // namespace leyden::tokenizer
