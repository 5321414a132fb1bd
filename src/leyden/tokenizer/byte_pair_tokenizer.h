#pragma once

#include <memory>
#include <string>
#include <vector>

#include "leyden/tokenizer/byte_pair_model.h"
#include "leyden/tokenizer/normalizer.h"
#include "leyden/tokenizer/pretokenizer.h"
#include "leyden/tokenizer/special_tokens.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer {

// All that a loader finds out about a byte-level BPE tokenizer.
struct BytePairSpec {
  std::string name;
  Pattern pattern{};
  Normalizer normalizer = Normalizer::none;
  bool whole_first = false;
  Vocabulary vocabulary{0};  // Special tokens included, with their kind.
  std::vector<Merge> merges;
  std::vector<SpecialToken> specials;
};

// Normalizer, pattern, byte-pair merges: cl100k_base, o200k_base, GPT-2, Llama 3, Qwen, SmolLM2.
class BytePairTokenizer final : public Tokenizer {
 public:
  explicit BytePairTokenizer(BytePairSpec spec);

  [[nodiscard]] TokenIds encode(std::string_view text, SpecialTokens special) const override;
  [[nodiscard]] Result<std::string> decode(TokenIdsView ids) const override;
  [[nodiscard]] std::optional<std::string_view> token_bytes(TokenId id) const override;
  [[nodiscard]] bool is_safe_cut(std::string_view left, std::string_view right) const override;
  [[nodiscard]] std::optional<TokenId> special_token(std::string_view text) const override;
  [[nodiscard]] std::size_t vocabulary_size() const override;
  [[nodiscard]] const Digest& fingerprint() const override { return fingerprint_; }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  void encode_ordinary(std::string_view text, TokenIds& out) const;

  std::string name_;
  Pattern pattern_;
  Normalizer normalizer_;
  Digest fingerprint_;
  SpecialTokenSet specials_;
  BytePairModel model_;
};

}  // namespace leyden::tokenizer
