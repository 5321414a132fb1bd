#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "leyden/base/result.h"

namespace leyden::qa {

// Loads a file of these tests: what the runner says, empty where they can be run.
using LoadTrial = std::function<Result<std::string>(std::span<const std::size_t> tests)>;

// Of tests whose file as a whole does not load, those that are to blame, with what the runner says of each: a test that does not parse takes all others of its file with it.
// Found by halves, in at most 40 trials; what is left then in halves that do not load is blamed, too. Errors: those of the trial.
[[nodiscard]] Result<std::map<std::size_t, std::string>> unloadable_tests(
    std::span<const std::size_t> tests, const LoadTrial& trial);

}  // namespace leyden::qa
