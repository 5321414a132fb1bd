#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

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
    std::size_t target = units_[node].base + static_cast<std::uint8_t>(byte);
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

 private:
  static constexpr std::uint32_t kNone = ~0U;
  struct Unit {
    std::uint32_t base = 0;
    std::uint32_t parent = kNone;
    std::uint32_t value = kNone;
  };
  std::vector<Unit> units_;
};

}  // namespace leyden::tokenizer
