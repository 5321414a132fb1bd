#include "leyden/agents/review/analyses.h"

#include <algorithm>
#include <array>
#include <utility>

#include "leyden/agents/review/analyses/c/defects.h"
#include "leyden/agents/review/analyses/duplicate_keys.h"
#include "leyden/agents/review/analyses/hidden_builtins.h"
#include "leyden/agents/review/analyses/lost_cause.h"
#include "leyden/agents/review/analyses/metrics.h"
#include "leyden/agents/review/analyses/unreachable.h"
#include "leyden/agents/review/analyses/unused_names.h"

namespace leyden::review {

Analysis analysis_named(std::string_view name) {
  static constexpr auto kAll = std::to_array<std::pair<std::string_view, Analysis>>({
      {"c.allocation-from-input", find_c_defects},
      {"c.assert-of-input", find_c_defects},
      {"c.buffer-overflow", find_c_defects},
      {"c.buffer-overread", find_c_defects},
      {"c.buffer-underread", find_c_defects},
      {"c.buffer-underwrite", find_c_defects},
      {"c.command-from-input", find_c_defects},
      {"c.division-by-zero", find_c_defects},
      {"c.double-close", find_c_defects},
      {"c.double-free", find_c_defects},
      {"c.environment-from-input", find_c_defects},
      {"c.file-leak", find_c_defects},
      {"c.format-from-input", find_c_defects},
      {"c.free-inside", find_c_defects},
      {"c.free-not-heap", find_c_defects},
      {"c.integer-overflow", find_c_defects},
      {"c.integer-underflow", find_c_defects},
      {"c.loop-from-input", find_c_defects},
      {"c.memory-leak", find_c_defects},
      {"c.mismatched-release", find_c_defects},
      {"c.negative-size", find_c_defects},
      {"c.never-negative", find_c_defects},
      {"c.null-dereference", find_c_defects},
      {"c.path-from-input", find_c_defects},
      {"c.return-of-local", find_c_defects},
      {"c.size-of-pointer-argument", find_c_defects},
      {"c.truncated-constant", find_c_defects},
      {"c.truncated-input", find_c_defects},
      {"c.unchecked-allocation", find_c_defects},
      {"c.uninitialized", find_c_defects},
      {"c.use-after-free", find_c_defects},
      {"c.wait-from-input", find_c_defects},
      {"cyclomatic-complexity", find_complex_functions},
      {"duplicate-keys", find_duplicate_keys},
      {"function-length", find_long_functions},
      {"hidden-builtin", find_hidden_builtins},
      {"hiding-parameter", find_hiding_parameters},
      {"lost-cause", find_lost_causes},
      {"nesting", find_deep_nesting},
      {"parameter-count", find_many_parameters},
      {"unreachable", find_unreachable_code},
      {"unused-import", find_unused_imports},
      {"unused-part", find_unused_parts},
      {"unused-variable", find_unused_variables},
  });
  const auto found = std::ranges::find(kAll, name, &std::pair<std::string_view, Analysis>::first);
  return found == kAll.end() ? nullptr : found->second;
}

}  // namespace leyden::review
