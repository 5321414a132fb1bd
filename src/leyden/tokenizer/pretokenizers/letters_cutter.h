#pragma once

#include <memory>

#include "leyden/tokenizer/pretokenizers/piece_cutter.h"

namespace leyden::tokenizer {

// A pre-tokenizer that stands behind ByteLevel, whose pieces are written in GPT-2's letters, one for each byte: the bytes B2, B3,
// B9 and BC to BE are the numbers ², ³, ¹, ¼, ½ and ¾ there, and none is whitespace. It may cut within a character.
// Falcon's Digits and Split are such. Errors: unsupported (a pattern; a step that changes the text).
[[nodiscard]] Result<std::unique_ptr<PieceCutter>> make_letters_cutter(
    const PretokenizerStep& step);

}  // namespace leyden::tokenizer
