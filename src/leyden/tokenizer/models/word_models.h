#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/tokenizer/models/byte_trie.h"
#include "leyden/tokenizer/models/segment_model.h"

namespace leyden::tokenizer {

// BERT's model (Schuster and Nakajima 2012): a word is cut greedily into the longest tokens, those that go on within a word
// being written with a prefix ("##"). A word that can't be cut so is one unknown token.
class WordPieceModel final : public SegmentModel {
 public:
  [[nodiscard]] static Result<std::unique_ptr<WordPieceModel>> make(const WordPieceSpec& spec);

  using SegmentModel::encode;
  // Linear in the word's length times that of the longest token.
  void encode(std::string_view segment, TokenIds& out,
              std::vector<std::size_t>* ends) const override;

 private:
  ByteTrie trie_;
  std::optional<ByteTrie::Node> within_;  // Behind the prefix; absent when no token has it.
  TokenId unknown_ = 0;
  std::size_t word_chars_max_ = 0;
};

// A word is a token or unknown.
class WordLevelModel final : public SegmentModel {
 public:
  [[nodiscard]] static Result<std::unique_ptr<WordLevelModel>> make(const WordLevelSpec& spec);

  using SegmentModel::encode;
  void encode(std::string_view segment, TokenIds& out,
              std::vector<std::size_t>* ends) const override;

 private:
  ByteTrie trie_;
  std::optional<TokenId> unknown_;
};

}  // namespace leyden::tokenizer
