#pragma once

#include <string_view>
#include <vector>

namespace leyden::tokenizer::plain {

// Where extended grapheme clusters end (UAX #29), in characters.
[[nodiscard]] std::vector<std::size_t> grapheme_ends(std::u32string_view chars);

}  // namespace leyden::tokenizer::plain
