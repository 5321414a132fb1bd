#include "leyden/agents/qa/reach.h"

#include <algorithm>

namespace leyden::qa {

std::set<std::int64_t> lines_of(const Arcs& arcs) {
  std::set<std::int64_t> out;
  for (const auto& [from, to] : arcs) {
    if (to > 0) out.insert(to);
    if (from > 0) out.insert(from);
  }
  return out;
}

bool is_within(std::int64_t line, const Function& function) {
  return line >= static_cast<std::int64_t>(function.first_line) &&
         line <= static_cast<std::int64_t>(function.last_line);
}

bool reaches(const Arcs& arcs, const Function& function) {
  return std::ranges::any_of(arcs, [&](const Arc& arc) { return is_within(arc.second, function); });
}

bool runs_at_loading(const Arcs& loaded, const Function& function) {
  return std::ranges::any_of(loaded, [&](const Arc& arc) {
    return arc.first > static_cast<std::int64_t>(function.first_line) &&
           is_within(arc.first, function) && is_within(arc.second, function);
  });
}

bool has_goals(const Goals& goals, const Function& function) {
  return std::ranges::any_of(goals.lines, [&](std::int64_t line) {
    return line > static_cast<std::int64_t>(function.first_line) && is_within(line, function);
  });
}

std::size_t missing(const Goals& goals, const Arcs& reached, const Function& function) {
  const std::set<std::int64_t> lines = lines_of(reached);
  std::size_t out = 0;
  for (const std::int64_t line : goals.lines)
    out += is_within(line, function) && !lines.contains(line) ? 1 : 0;
  for (const Arc& branch : goals.branches)
    out += is_within(branch.first, function) && !reached.contains(branch) ? 1 : 0;
  return out;
}

}  // namespace leyden::qa
