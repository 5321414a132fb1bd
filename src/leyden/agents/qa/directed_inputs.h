#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "leyden/agents/qa/comparison.h"
#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// The input with what would have come through in the place of what was seen: one change each, wherever the text stands, whatever its case; at most so many.
[[nodiscard]] std::vector<Input> directed_inputs(const Input& input,
                                                 std::span<const Comparison> comparisons,
                                                 std::size_t count_max);

// Whether there is a text in it.
[[nodiscard]] bool holds_text(const Input& input);

}  // namespace leyden::qa
