#include "leyden/agents/qa/compiled/step_runs.h"

#include <algorithm>

namespace leyden::qa {

std::size_t steps_alike(const Input& input, std::size_t first,
                        std::span<const Function> functions) {
  const Step& of = input.steps[first];
  const bool may_differ = functions[of.function].parameters.size() == 1;
  std::size_t end = first + 1;
  while (end + 1 < input.steps.size() && input.steps[end].function == of.function &&
         (may_differ || input.steps[end].arguments == of.arguments))
    ++end;
  return end - first;
}

bool are_equal(std::span<const Step> steps) {
  return std::ranges::all_of(steps, [&](const Step& one) { return one == steps.front(); });
}

}  // namespace leyden::qa
