#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/tokenizer/flat_array.h"

namespace leyden::tokenizer {

// Keys by their bytes, with a number each, in a double array (Aoe 1989): following a byte is one addition and one
// comparison. const after building, safe to share.
class ByteTrie {
 public:
  using Node = std::uint32_t;
  static constexpr Node kRoot = 0;

  ByteTrie() = default;
  // Keys in any order; of equal keys the last one's value counts. Empty keys are left out. Values below 2^32 - 1.
  explicit ByteTrie(std::vector<std::pair<std::string_view, std::uint32_t>> keys);

  [[nodiscard]] bool empty() const { return units_.empty(); }

  // The node behind `byte`; nullopt when no key goes on there. Only on a trie that is not empty.
  [[nodiscard]] std::optional<Node> next(Node node, char byte) const {
    std::size_t target = std::size_t{units_[node].base} + static_cast<std::uint8_t>(byte);
    if (target >= units_.size() || units_[target].parent != node) return std::nullopt;
    return static_cast<Node>(target);
  }
  // The value of the key that ends at `node`.
  [[nodiscard]] std::optional<std::uint32_t> value(Node node) const {
    if (units_[node].value == kNone) return std::nullopt;
    return units_[node].value;
  }

  struct Match {
    std::size_t length = 0;
    std::uint32_t value = 0;
  };
  // The longest key that `text` begins with.
  [[nodiscard]] std::optional<Match> longest_prefix(std::string_view text) const;
  // The value of the key that is `text`.
  [[nodiscard]] std::optional<std::uint32_t> exact(std::string_view text) const {
    auto match = longest_prefix(text);
    if (!match || match->length != text.size()) return std::nullopt;
    return match->value;
  }

  // The array, as an image keeps it.
  static constexpr std::uint32_t kNone = ~0U;
  struct Unit {
    std::uint32_t base = 0;
    std::uint32_t parent = kNone;
    std::uint32_t value = kNone;
  };
  [[nodiscard]] std::span<const Unit> units() const { return units_.view(); }
  // A view of units that outlive it. nullopt where a value is not below `values`; whatever else they say, no look-up
  // leaves the array.
  [[nodiscard]] static std::optional<ByteTrie> borrowed(std::span<const Unit> units,
                                                        std::size_t values);

 private:
  FlatArray<Unit> units_;
};

}  // namespace leyden::tokenizer
