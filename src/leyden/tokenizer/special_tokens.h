#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer {

// The special tokens of one tokenizer, found in text from left to right, the longest at each place.
class SpecialTokenSet {
 public:
  SpecialTokenSet() = default;
  explicit SpecialTokenSet(std::vector<SpecialToken> tokens);

  struct Match {
    std::size_t position = 0;
    std::size_t length = 0;
    TokenId id = 0;
  };
  // The first match at or behind `from`.
  [[nodiscard]] std::optional<Match> find(std::string_view text, std::size_t from) const;
  [[nodiscard]] std::optional<TokenId> id_of(std::string_view text) const;
  [[nodiscard]] const std::vector<SpecialToken>& all() const { return tokens_; }

 private:
  std::vector<SpecialToken> tokens_;  // Longest first.
  std::string first_bytes_;           // Each once.
};

}  // namespace leyden::tokenizer
