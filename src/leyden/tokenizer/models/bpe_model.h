#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/tokenizer/models/byte_trie.h"
#include "leyden/tokenizer/models/merge_table.h"
#include "leyden/tokenizer/models/segment_model.h"
#include "leyden/tokenizer/vocabulary.h"

namespace leyden::tokenizer {

// Byte-pair encoding (Sennrich et al. 2016): a segment begins as its bytes (GPT-2) or its characters (SentencePiece); of all
// neighbours that have a merge, the one of lowest rank (leftmost of equals) becomes one token, until none has.
class BpeModel final : public SegmentModel {
 public:
  // Errors: corrupt, for tokens that share an ID or a text.
  [[nodiscard]] static Result<std::unique_ptr<BpeModel>> make(const BpeSpec& spec);

  using SegmentModel::encode;
  // n log n in the segment's length, without allocation for up to 64 symbols in a row that merges may join.
  void encode(std::string_view segment, TokenIds& out,
              std::vector<std::size_t>* ends) const override;

  [[nodiscard]] const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  struct Symbol {
    TokenId token = 0;
    std::size_t end = 0;  // In the segment.
  };
  class Block;

  explicit BpeModel(const BpeSpec& spec);
  [[nodiscard]] bool encodes_to_itself(TokenId id) const;
  void encode_symbols(std::string_view segment, TokenIds& out,
                      std::vector<std::size_t>* ends) const;
  // Which token the character (byte) at [at, at + size) begins as.
  [[nodiscard]] TokenId symbol_of(std::string_view segment, std::size_t at, std::size_t size) const;
  void finish(std::string_view segment, Block& block, TokenIds& out,
              std::vector<std::size_t>* ends) const;
  std::size_t merge_short(std::span<Symbol> symbols) const;
  void merge_long(std::vector<Symbol>& symbols) const;

  Vocabulary vocabulary_{0};
  MergeTable merges_;
  std::array<TokenId, 256> byte_tokens_{};      // Of one byte; char-level: of the ASCII ones.
  std::array<TokenId, 256> fallback_tokens_{};  // "<0x00>" ... "<0xFF>".
  ByteTrie user_defined_;
  bool byte_level_ = true;
  bool whole_first_ = false;
  bool byte_fallback_ = false;
  bool fuse_unknown_ = false;
  std::optional<TokenId> unknown_;
  std::string prefix_;
  std::string suffix_;
  std::size_t longest_token_ = 0;
  // Whether encoding a token's bytes gives that token: found out when first asked. 0 unknown, 1 yes, 2 no. Relaxed: whoever
  // computes it gets the same answer.
  std::unique_ptr<std::atomic<std::uint8_t>[]> itself_;
};

}  // namespace leyden::tokenizer
