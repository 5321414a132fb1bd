#pragma once

#include "leyden/base/result.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer::plain {

// What must hold for whatever a loader makes of a file; aborts with a message where it does not. An error is one line of
// at most 500 bytes of UTF-8 without control characters. A specification either makes a tokenizer, or such an error; a
// tokenizer encodes and decodes a few texts as the oracle does.
void check_loaded(const Result<TokenizerSpec>& loaded);

}  // namespace leyden::tokenizer::plain
