#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/tokenizer/models/byte_trie.h"
#include "leyden/tokenizer/models/segment_model.h"

namespace leyden::tokenizer {

// The most probable way to cut a segment into pieces (Kudo 2018), by Viterbi as in SentencePiece's EncodeOptimized and
// Hugging Face's copy of it. Which of two equally good ways is taken depends on how scores add up, so the sums are made in
// the same order and precision as there.
class UnigramModel final : public SegmentModel {
 public:
  [[nodiscard]] static Result<std::unique_ptr<UnigramModel>> make(const UnigramSpec& spec);

  using SegmentModel::encode;
  // Linear in the segment's length; memory for the part between two places that no piece spans.
  void encode(std::string_view segment, TokenIds& out,
              std::vector<std::size_t>* ends) const override;

 private:
  UnigramModel() = default;
  template <class Real>
  class Search;

  ByteTrie trie_;  // To an index of entries_.
  struct Entry {
    TokenId id = 0;
    double score = 0;
    bool user_defined = false;
  };
  std::vector<Entry> entries_;
  double unknown_score_ = 0;
  std::optional<TokenId> unknown_;
  bool single_precision_ = false;
  bool byte_fallback_ = false;
  std::array<TokenId, 256> fallback_tokens_{};  // "<0x00>" ... "<0xFF>".
};

}  // namespace leyden::tokenizer
