#pragma once

#include <functional>
#include <stop_token>

#include <CLI/CLI.hpp>

#include "leyden/cli/settings.h"

namespace leyden::cli {

// What a command works with. Made in main, outlives the commands.
struct Context {
  const Settings& settings;
  std::stop_token stop;
};

// Each adds one subcommand to `app`. What was chosen is put into `run`, which returns the exit code.
using Run = std::function<int(const Context&)>;
void add_index_command(CLI::App& app, Run& run);
void add_retrieve_command(CLI::App& app, Run& run);
void add_ask_command(CLI::App& app, Run& run);
void add_tokenize_commands(CLI::App& app, Run& run);  // tokenize, count, detokenize
void add_tokenizer_command(CLI::App& app, Run& run);
void add_warm_command(CLI::App& app, Run& run);
void add_invalidate_command(CLI::App& app, Run& run);
void add_session_command(CLI::App& app, Run& run);
void add_stats_command(CLI::App& app, Run& run);
void add_doctor_command(CLI::App& app, Run& run);
void add_model_command(CLI::App& app, Run& run);
void add_review_command(CLI::App& app, Run& run);
void add_test_command(CLI::App& app, Run& run);
void add_evolve_command(CLI::App& app, Run& run);
void add_bench_command(CLI::App& app, Run& run);

// Says what went wrong on standard error and returns the exit code for it.
[[nodiscard]] int report(const Error& error);

}  // namespace leyden::cli
