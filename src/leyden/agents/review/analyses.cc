#include "leyden/agents/review/analyses.h"

#include <algorithm>
#include <array>
#include <utility>

#include "leyden/agents/review/analyses/metrics.h"
#include "leyden/agents/review/analyses/unreachable.h"

namespace leyden::review {

Analysis analysis_named(std::string_view name) {
  static constexpr auto kAll = std::to_array<std::pair<std::string_view, Analysis>>({
      {"cyclomatic-complexity", find_complex_functions},
      {"function-length", find_long_functions},
      {"nesting", find_deep_nesting},
      {"parameter-count", find_many_parameters},
      {"unreachable", find_unreachable_code},
  });
  const auto found = std::ranges::find(kAll, name, &std::pair<std::string_view, Analysis>::first);
  return found == kAll.end() ? nullptr : found->second;
}

}  // namespace leyden::review
