#pragma once

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
  [[nodiscard]] bool empty() const { return units_.empty(); }

 private:
  [[nodiscard]] std::optional<Match> find(std::string_view text, bool first) const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

[[nodiscard]] Result<std::unique_ptr<TextNormalizer>> make_charsmap_normalizer(
    const NormalizeCharsmap& step);

}  // namespace leyden::tokenizer
