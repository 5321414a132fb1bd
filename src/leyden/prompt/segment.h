#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace leyden::prompt {

// Version of the layout below. It is part of every block's key: a new layout is a new name.
inline constexpr std::uint32_t kSegmentFormat = 2;

// A passage as the model reads it:
//
//     [docs/cache.md | Eviction > Ghosts]
//     text of the passage, its own lines as they are
//
// then exactly one newline; " | " and what follows it is left out where `context` is empty. It begins with '[' and ends with one newline after a character that is no whitespace, so that
// segments may be joined by their IDs for every tokenizer that we know (is_safe_cut, rule R2).
// Whitespace at the end of `text` and empty lines at its start are left out; control characters in `document` and `context`
// (a file's name may hold anything) become U+FFFD.
[[nodiscard]] std::string layout_segment(std::string_view document, std::string_view context,
                                         std::string_view text);

}  // namespace leyden::prompt
