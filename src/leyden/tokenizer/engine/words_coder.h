#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "leyden/tokenizer/engine/merge_tables.h"
#include "leyden/tokenizer/engine/segment_coder.h"
#include "leyden/tokenizer/engine/segment_table.h"

namespace leyden::tokenizer::engine {

// What SentencePiece-style BPE makes of characters that are no tokens.
struct UnknownCharacters {
  // Tokens of the 256 bytes, all or none.
  std::optional<std::array<TokenId, 256>> bytes;
  std::optional<TokenId> unknown;  // Without either they are left out.
  bool fuse = false;               // A run of unknown ones is one token.
};

// Words of SentencePiece-style BPE (Cut::words): a space is the character U+2581 to the vocabulary.
class WordsCoder final : public SegmentCoder {
 public:
  explicit WordsCoder(const UnknownCharacters& unknown) : unknown_(unknown) {}

  bool encode(Workspace& workspace, std::string_view segment, TokenIds& out) const override;
  // A run of unknown characters may be one token.
  [[nodiscard]] bool parts_are_apart() const override { return unknown_.bytes || !unknown_.fuse; }

 private:
  UnknownCharacters unknown_;
};

// Whether no token reaches across a cut that Cut::words makes, and U+2581 is a character of the vocabulary.
[[nodiscard]] bool words_are_safe(const BpeSpec& spec, const MergeTables& tables);
// Every token whose text as a word, spaces for U+2581, has up to 15 bytes.
[[nodiscard]] std::vector<std::pair<std::string, TokenId>> words_seed(const BpeSpec& spec,
                                                                      const MergeTables& tables);

}  // namespace leyden::tokenizer::engine
