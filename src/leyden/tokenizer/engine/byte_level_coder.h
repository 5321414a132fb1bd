#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/tokenizer/engine/merge_tables.h"
#include "leyden/tokenizer/engine/segment_coder.h"
#include "leyden/tokenizer/engine/segment_table.h"

namespace leyden::tokenizer::engine {

// Pretokens of byte-level BPE.
class ByteLevelCoder final : public SegmentCoder {
 public:
  // `whole`: tokens of more than SegmentEntry::kBytesMax bytes that are made as whole pretokens only.
  ByteLevelCoder(const MergeTables& merges, std::vector<std::pair<std::string, TokenId>> whole);

  bool encode(Workspace& workspace, std::string_view segment, TokenIds& out) const override;
  std::size_t encode_short(const Workspace& workspace, std::string_view segment,
                           TokenId* out) const override;
  // Bytes that are left out bring others together.
  [[nodiscard]] bool parts_are_apart() const override { return !any_missing_; }

 private:
  std::vector<std::pair<std::string, TokenId>> whole_;  // By bytes.
  std::array<bool, 256>
      missing_{};  // Bytes that are no token: left out of the text, as the references do.
  bool any_missing_ = false;
};

// The seed for byte-level BPE: every token of up to 15 bytes that text becomes as a whole pretoken.
[[nodiscard]] std::vector<std::pair<std::string, TokenId>> byte_level_seed(
    const BpeSpec& spec, const MergeTables& tables);
// The tokens for ByteLevelCoder's `whole`.
[[nodiscard]] std::vector<std::pair<std::string, TokenId>> long_whole_tokens(
    const BpeSpec& spec, const MergeTables& tables);

}  // namespace leyden::tokenizer::engine
