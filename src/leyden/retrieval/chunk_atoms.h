#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "leyden/retrieval/chunk_cut.h"

namespace leyden::retrieval {

using TokenCounter = std::function<std::size_t(std::string_view)>;

// Ranks within a line; a line's own is above them and below Cut::kBorder.
inline constexpr std::uint16_t kWordRank = 0;
inline constexpr std::uint16_t kSentenceRank = 1;
inline constexpr std::uint16_t kLineRank = 2;

// A text's lines, blank ones as gaps; a line of more than `tokens_max` (at least 16) in parts that end, where the text lets them, with
// sentences or words. Which places those are depends on the bytes around them. Ranks are set within lines; lines have kLineRank.
[[nodiscard]] std::vector<Atom> atoms_of(std::string_view text, const TokenCounter& count_tokens,
                                         std::size_t tokens_max);

}  // namespace leyden::retrieval
