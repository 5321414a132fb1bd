#pragma once

#include <optional>
#include <string_view>

#include "leyden/tokenizer/pretokenizer.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// The rules that prove a cut between two texts (docs/decisions/2026-11-24-joins.md), as far as normalizers,
// pre-tokenizers and model decide it; added tokens are the caller's. const, safe to share.
class SafeCut {
 public:
  SafeCut() = default;
  explicit SafeCut(const TokenizerSpec& spec);
  // Both sides are not empty. False beside ill-formed UTF-8.
  [[nodiscard]] bool holds(std::string_view left, std::string_view right) const;

 private:
  enum class Rule { none, native_pattern };
  Rule rule_ = Rule::none;
  std::optional<Pattern> pattern_;
  // Normalizers to Unicode's forms: an ASCII character never changes what stands before it.
  bool right_must_be_ascii_ = false;
};

}  // namespace leyden::tokenizer
