#pragma once

#include <string_view>

namespace leyden::tokenizer::engine {

// True only when NFC leaves valid UTF-8 as it is, for reasons that are quick to see: every character is of a script or
// block in which nothing composes, decomposes or is reordered. False for text that may need to_nfc() (normalizer.h).
[[nodiscard]] bool is_surely_nfc(std::string_view text);

}  // namespace leyden::tokenizer::engine
