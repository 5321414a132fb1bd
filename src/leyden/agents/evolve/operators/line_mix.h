#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/random.h"

namespace leyden::evolve {

[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);  // With their ends.

// What two texts have in common and where they differ: lines [first, first + first_count) of one stand against those of the other.
struct LineRun {
  bool same = false;
  std::size_t first = 0;
  std::size_t first_count = 0;
  std::size_t second = 0;
  std::size_t second_count = 0;
};
// By the longest common subsequence of lines; texts too long for that are one difference between their common ends.
[[nodiscard]] std::vector<LineRun> compare_lines(const std::vector<std::string_view>& first,
                                                 const std::vector<std::string_view>& second);

struct LineMix {
  std::string text;
  std::size_t differences = 0;
  std::size_t from_second = 0;
};
// Each difference from one or the other, by the dice; lines in the same place of a difference of equal length are differences of their own.
[[nodiscard]] LineMix mix_lines(std::string_view first, std::string_view second, Random& random);

}  // namespace leyden::evolve
