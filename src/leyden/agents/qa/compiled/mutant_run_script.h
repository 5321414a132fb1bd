#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "leyden/agents/qa/driver_folder.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Runs of a program that holds tests and mutants, one test at a time until one fails, in one script of the sandbox.

// `program` runs all tests, and one with its selection behind it: words for a shell. The mutant's number is in LEYDEN_MUTANT. Without one all pass, or
// nothing else is run. `by_mutant`: tests; of mutants that are `invalid` none is run.
[[nodiscard]] std::string mutant_run_script(const std::string& program,
                                            std::span<const std::string> selections,
                                            const std::vector<std::vector<std::size_t>>& by_mutant,
                                            const std::vector<bool>& invalid);

// What such a script came to; nothing: the tests do not pass, or there is no program, since no mutant is valid.
[[nodiscard]] std::optional<Toolchain::Kills> kills_told(const DriverFolder& drivers,
                                                         std::vector<bool> invalid);

}  // namespace leyden::qa
