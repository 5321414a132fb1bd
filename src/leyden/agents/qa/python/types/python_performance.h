#pragma once

#include "leyden/agents/qa/python/types/python_scene.h"
#include "leyden/agents/qa/typed_tests.h"

namespace leyden::qa {

// Tests that the work of each function grows no faster with its input than it does now. Sized inputs come from the types; the work is counted by
// growth.py, and the order of growth of today is the baseline. Errors: those of the sandbox; unavailable (the file can't be imported).
[[nodiscard]] Result<TypedTests> python_performance_tests(const PythonScene& scene);

}  // namespace leyden::qa
