#pragma once

#include <cstddef>
#include <span>

#include "leyden/agents/qa/function.h"

namespace leyden::qa {

inline constexpr std::size_t kLoopMin = 4;  // Steps that a test says as a loop.

// How many of an input's steps from `first` on, before its last one, call the same method: with other arguments only where that takes one.
[[nodiscard]] std::size_t steps_alike(const Input& input, std::size_t first,
                                      std::span<const Function> functions);

// Whether they are one call again and again.
[[nodiscard]] bool are_equal(std::span<const Step> steps);

}  // namespace leyden::qa
