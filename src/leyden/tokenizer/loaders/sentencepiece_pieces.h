#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// What a SentencePiece model consists of, in its own file or within a GGUF. Views point into the file.
struct SentencePieceFile {
  enum class Type : std::uint8_t {
    normal = 1,
    unknown = 2,
    control = 3,
    user_defined = 4,
    unused = 5,
    byte = 6
  };
  struct Piece {
    std::string_view text;
    float score = 0;
    Type type = Type::normal;
  };
  std::vector<Piece> pieces;  // By ID.
  bool is_bpe = false;        // Else Unigram.
  bool byte_fallback = false;
  std::string_view charsmap;
  NormalizeSpaces spaces;
  std::string unknown_surface = DecodeSentencePiece().unknown_surface;
};

// Errors: corrupt, unsupported.
[[nodiscard]] Result<TokenizerSpec> specify_sentencepiece(const SentencePieceFile& file,
                                                          const std::string& where);

}  // namespace leyden::tokenizer
