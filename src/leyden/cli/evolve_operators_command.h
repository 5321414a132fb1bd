#pragma once

#include <CLI/CLI.hpp>

#include "leyden/cli/commands.h"

namespace leyden::cli {

// `leyden evolve operators`, below `evolve`.
void add_evolve_operators_command(CLI::App& evolve, Run& run);

}  // namespace leyden::cli
