#include "leyden/agents/evolve/operators/line_mix.h"

#include <algorithm>
#include <cstdint>

namespace leyden::evolve {
namespace {

constexpr std::size_t kTableMax = 16'000'000;

using Lines = std::vector<std::string_view>;

// lengths[i][j]: of the longest common subsequence of the lines from i and from j on.
std::vector<std::uint32_t> subsequences(const Lines& first, const Lines& second) {
  const std::size_t width = second.size() + 1;
  std::vector<std::uint32_t> out((first.size() + 1) * width, 0);
  for (std::size_t i = first.size(); i-- > 0;) {
    for (std::size_t j = second.size(); j-- > 0;) {
      out[i * width + j] = first[i] == second[j]
                               ? out[(i + 1) * width + j + 1] + 1
                               : std::max(out[(i + 1) * width + j], out[i * width + j + 1]);
    }
  }
  return out;
}

void append(std::vector<LineRun>& runs, bool same, std::size_t i, std::size_t j,
            std::size_t of_first, std::size_t of_second) {
  if (runs.empty() || runs.back().same != same)
    runs.push_back({.same = same, .first = i, .second = j});
  runs.back().first_count += of_first;
  runs.back().second_count += of_second;
}

}  // namespace

Lines lines_of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    out.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

std::vector<LineRun> compare_lines(const Lines& first, const Lines& second) {
  std::vector<LineRun> out;
  if ((first.size() + 1) * (second.size() + 1) > kTableMax) {
    append(out, false, 0, 0, first.size(), second.size());
    return out;
  }
  const std::vector<std::uint32_t> lengths = subsequences(first, second);
  const std::size_t width = second.size() + 1;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < first.size() || j < second.size()) {
    if (i < first.size() && j < second.size() && first[i] == second[j]) {
      append(out, true, i++, j++, 1, 1);
    } else if (j == second.size() ||
               (i < first.size() && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      append(out, false, i++, j, 1, 0);
    } else {
      append(out, false, i, j++, 0, 1);
    }
  }
  return out;
}

LineMix mix_lines(std::string_view first, std::string_view second, Random& random) {
  const Lines ours = lines_of(first);
  const Lines theirs = lines_of(second);
  LineMix out;
  const auto take = [&](std::size_t i, std::size_t count, std::size_t j, std::size_t their_count) {
    ++out.differences;
    const bool other = random.chance(0.5);
    out.from_second += other ? 1 : 0;
    const Lines& from = other ? theirs : ours;
    for (std::size_t k = 0; k < (other ? their_count : count); ++k)
      out.text += from[(other ? j : i) + k];
  };
  for (const LineRun& run : compare_lines(ours, theirs)) {
    if (run.same) {
      for (std::size_t k = 0; k < run.first_count; ++k) out.text += ours[run.first + k];
    } else if (run.first_count == run.second_count) {
      for (std::size_t k = 0; k < run.first_count; ++k) take(run.first + k, 1, run.second + k, 1);
    } else {
      take(run.first, run.first_count, run.second, run.second_count);
    }
  }
  return out;
}

}  // namespace leyden::evolve
