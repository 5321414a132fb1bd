#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/base/token_id.h"

namespace leyden::tokenizer::engine {

// A double-array trie (Aoe 1989) over the bytes of tokens, one 64-bit unit a node: label (8 bits), base (28), token + 1 (20),
// occupied (1). The child for byte c of a node with base b is unit b ^ c; no two nodes have the same base, so that
// comparing the label is enough. Base 0 is nobody's: where a leaf leads, no unit is occupied.
class Trie {
 public:
  explicit Trie(std::span<const std::uint64_t> units) : units_(units.data()) {}

  struct Match {
    TokenId token = 0;
    std::uint32_t length = 0;  // 0: no token is a prefix of the text.
  };

  // The longest token that `text` begins with.
  [[nodiscard]] Match longest(std::string_view text) const {
    Match best;
    std::uint64_t unit = units_[0];
    for (std::size_t i = 0; i < text.size(); ++i) {
      auto byte = static_cast<std::uint8_t>(text[i]);
      unit = units_[base(unit) ^ byte];
      if ((unit & (kOccupied | 0xFF)) != (kOccupied | byte)) break;
      if (std::uint64_t token = unit >> kTokenShift & kTokenMask; token != 0) {
        best = {static_cast<TokenId>(token - 1), static_cast<std::uint32_t>(i + 1)};
      }
    }
    return best;
  }

  // The token that is exactly `text`, or `otherwise`.
  [[nodiscard]] TokenId exact(std::string_view text, TokenId otherwise) const {
    Match match = longest(text);
    return match.length == text.size() ? match.token : otherwise;
  }

  static constexpr std::uint64_t kOccupied = std::uint64_t{1} << 63;
  static constexpr unsigned kBaseShift = 8;
  static constexpr std::uint64_t kBaseMask = (std::uint64_t{1} << 28) - 1;
  static constexpr unsigned kTokenShift = 36;
  static constexpr std::uint64_t kTokenMask = (std::uint64_t{1} << 20) - 1;

 private:
  static std::size_t base(std::uint64_t unit) { return unit >> kBaseShift & kBaseMask; }
  const std::uint64_t* units_;
};

// Units for keys that are not empty and differ from one another. `keys` is sorted by this.
[[nodiscard]] std::vector<std::uint64_t> build_trie(
    std::vector<std::pair<std::string_view, TokenId>>& keys);

}  // namespace leyden::tokenizer::engine
