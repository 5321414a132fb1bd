#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "leyden/tokenizer/pretokenizer.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// The rules that prove a cut between two texts (docs/decisions/2026-11-24-joins.md has the proofs), as far as normalizers,
// pre-tokenizers and model decide it; added tokens are the caller's. const, safe to share.
class SafeCut {
 public:
  SafeCut() = default;
  explicit SafeCut(const TokenizerSpec& spec);
  // Both sides are not empty. False beside ill-formed UTF-8.
  [[nodiscard]] bool holds(std::string_view left, std::string_view right) const;

 private:
  enum class Rule {
    none,
    pattern,      // R1 to R6, by the hand-written pattern.
    words,        // R9: pre-tokenizers that begin by cutting at whitespace.
    metaspace,    // R8: pieces begin at each U+2581.
    block_merge,  // R8: no pre-tokenizer, but no merge of the model joins these characters.
  };
  [[nodiscard]] static Rule rule_of(const TokenizerSpec& spec);
  void learn_joined(const BpeSpec& bpe);

  Rule rule_ = Rule::none;
  std::optional<Pattern> pattern_;
  // Normalizers to Unicode's forms: an ASCII character never changes what stands before it.
  bool right_must_be_ascii_ = false;
  std::vector<char32_t>
      joined_;  // Characters that a merge joins with a U+2581 behind them. Sorted.
};

}  // namespace leyden::tokenizer
