#pragma once

#include <array>
#include <cstddef>
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

  // The same in single precision for a segment that goes on where another ended: `score` is what the text so far summed up to, and
  // then what all of it does. Sums round differently behind different texts, which may decide between two ways.
  void encode_from(std::string_view segment, float& score, TokenIds& out) const;
  // The same for a segment of at most kCertainBytesMax bytes whose IDs are these behind whatever text: none of the ways that were
  // not taken is so near that rounding could decide. False, and nothing in `out`, where that is not certain, or where IDs don't tell the
  // scores of the way (unknown characters, user-defined symbols). Sums must stay below 2^17, as kRestart ensures.
  bool encode_certain(std::string_view segment, TokenIds& out) const;
  static constexpr std::size_t kCertainBytesMax = 64;
  // SentencePiece (0.2.3) subtracts from all scores that are still in use once one is larger than this, which changes how they round.
  static constexpr float kRestart = 100'000;
  [[nodiscard]] double unknown_score() const { return unknown_score_; }

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
