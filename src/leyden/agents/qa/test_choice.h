#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// How long a test is to read, in some unit.
[[nodiscard]] std::size_t weight(const TestCase& test);

// The tests to keep for what they reach beyond `before`: greedily, most new goals first, of equal ones the lightest, `count_max` at most; without those whose goals
// the others reach as well. `gains` has each test's goals.
[[nodiscard]] std::vector<std::size_t> choose_by_coverage(std::span<const TestCase> tests,
                                                          std::span<const Arcs> gains,
                                                          const Arcs& before,
                                                          std::size_t count_max);

}  // namespace leyden::qa
