#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/tokenizer/models/byte_trie.h"
#include "leyden/tokenizer/normalizers/text_normalizer.h"

namespace leyden::tokenizer {

// SentencePiece's precompiled character map: a double array (darts-clone, Susumu Yata) of the texts to be replaced, then the
// replacements, each ended by a zero byte. Any bytes are safe to look into.
class Charsmap {
 public:
  Charsmap() = default;
  // Errors: corrupt.
  [[nodiscard]] static Result<Charsmap> parse(std::string_view blob);

  struct Match {
    std::size_t length = 0;
    std::string_view replacement;  // Valid as long as the map.
  };
  // The longest rule that `text` begins with, or the shortest.
  [[nodiscard]] std::optional<Match> longest(std::string_view text) const {
    return find(text, false);
  }
  [[nodiscard]] std::optional<Match> shortest(std::string_view text) const {
    return find(text, true);
  }
  // Whether a text that begins with `bytes` may begin with a rule.
  [[nodiscard]] bool may_begin(std::string_view bytes) const;
  [[nodiscard]] bool empty() const { return units_.empty(); }
  // Whether no rule reaches from a plain character (engine::is_plain_lead and printable ASCII) to a `blank` behind it, and none of a text
  // that ends with one gives nothing, or ends with a space or U+2581. May say no where the answer is yes.
  [[nodiscard]] bool parts_at(char blank, bool (*is_plain_lead)(std::uint8_t)) const;

 private:
  [[nodiscard]] std::optional<Match> find(std::string_view text, bool first) const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

[[nodiscard]] Result<std::unique_ptr<TextNormalizer>> make_charsmap_normalizer(
    const NormalizeCharsmap& step);

}  // namespace leyden::tokenizer
