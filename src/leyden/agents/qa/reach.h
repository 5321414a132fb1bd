#pragma once

#include <cstddef>
#include <cstdint>
#include <set>

#include "leyden/agents/qa/function.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// What of a file ran, and what that means for its functions.

// Lines that arcs enter or leave.
[[nodiscard]] std::set<std::int64_t> lines_of(const Arcs& arcs);

[[nodiscard]] bool is_within(std::int64_t line, const Function& function);
[[nodiscard]] bool reaches(const Arcs& arcs, const Function& function);

// Whether its body runs when the file is loaded. That runs the definition's own line always; a body runs from one line within it to another.
[[nodiscard]] bool runs_at_loading(const Arcs& loaded, const Function& function);

// Whether it has lines of its own behind its first.
[[nodiscard]] bool has_goals(const Goals& goals, const Function& function);

// How many lines and branches are left to reach in it.
[[nodiscard]] std::size_t missing(const Goals& goals, const Arcs& reached,
                                  const Function& function);

}  // namespace leyden::qa
