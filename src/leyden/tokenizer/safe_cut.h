#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/tokenizer/pretokenizer.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/spec_fields.h"

namespace leyden::tokenizer {

// Which of them hold for a specification.
struct SafeCutFacts {
  enum class Rule : std::uint8_t {
    none,
    pattern,      // R1 to R6, by the hand-written pattern.
    words,        // R9: pre-tokenizers that begin by cutting at whitespace.
    metaspace,    // R8: pieces begin at each U+2581.
    block_merge,  // R8: no pre-tokenizer, but no merge of the model joins these characters.
  };
  Rule rule = Rule::none;
  std::optional<Pattern> pattern;  // Rule::pattern's.
  // Normalizers to Unicode's forms: an ASCII character never changes what stands before it.
  bool right_must_be_ascii = false;
  // Rule::block_merge's: characters that a merge joins with a U+2581 behind them. Sorted.
  std::vector<char32_t> joined;
};
template <class Archive, Is<SafeCutFacts> T>
void fields(Archive&& archive, T& facts) {
  archive(facts.rule, facts.pattern, facts.right_must_be_ascii, facts.joined);
}
[[nodiscard]] SafeCutFacts safe_cut_facts(const TokenizerSpec& spec);

// The rules that prove a cut between two texts (docs/decisions/2026-11-24-joins.md has the proofs), as far as normalizers,
// pre-tokenizers and model decide it; added tokens are the caller's. const, safe to share.
class SafeCut {
 public:
  SafeCut() = default;
  explicit SafeCut(SafeCutFacts facts) : facts_(std::move(facts)) {}
  [[nodiscard]] const SafeCutFacts& facts() const { return facts_; }
  // Both sides are not empty. False beside ill-formed UTF-8.
  [[nodiscard]] bool holds(std::string_view left, std::string_view right) const;

 private:
  SafeCutFacts facts_;
};

}  // namespace leyden::tokenizer
