#pragma once

#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// For tests of toolchains: which of some tests notices each mutant; nothing: together they do not pass.
inline std::optional<std::vector<std::optional<std::size_t>>> killers_of(
    Toolchain& toolchain, std::span<const Mutant> mutants, std::span<const SourceTest> tests) {
  std::vector<std::size_t> all(tests.size());
  std::iota(all.begin(), all.end(), 0);
  auto kills = toolchain.kill_by_tests(mutants, std::vector(mutants.size(), all), tests, {});
  if (!kills || !*kills) return std::nullopt;
  return (*kills)->killer;
}

}  // namespace leyden::qa
