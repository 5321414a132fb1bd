#pragma once

#include <functional>
#include <vector>

#include "leyden/tokenizer/plain/text.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer::plain {

// The 256 characters that stand for bytes in byte-level vocabularies (GPT-2's table): what may be printed is itself, the
// others follow from U+0100.
[[nodiscard]] char32_t byte_to_char(std::uint8_t byte);
// nullopt for a character that stands for no byte.
[[nodiscard]] std::optional<std::uint8_t> char_to_byte(char32_t c);

// A pretoken. Behind SplitByteLevel its characters stand for bytes.
struct Piece {
  Text text;
  bool byte_level = false;
};

// The pre-tokenizers of a specification, one after the other; each cuts the pieces that the one before left.
class Pretokenizers {
 public:
  explicit Pretokenizers(const TokenizerSpec& spec);
  [[nodiscard]] std::vector<Piece> apply(const Text& text) const;

 private:
  std::vector<std::function<std::vector<Piece>(const Piece&)>> steps_;
};

}  // namespace leyden::tokenizer::plain
