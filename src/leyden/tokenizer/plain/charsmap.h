#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leyden::tokenizer::plain {

// SentencePiece's compiled character map: 4 bytes of size, a Darts double array of that many bytes, then the
// replacements, each ended by a zero byte.
class Charsmap {
 public:
  // Not well-formed: no rules.
  explicit Charsmap(std::string_view blob);

  struct Rule {
    std::size_t length = 0;
    std::string replacement;
  };
  // The rules for prefixes of `text`, shortest first.
  [[nodiscard]] std::vector<Rule> prefixes(std::string_view text) const;

 private:
  [[nodiscard]] std::optional<std::uint32_t> unit(std::size_t at) const;
  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

}  // namespace leyden::tokenizer::plain
