#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/evaluation/evaluator.h"
#include "leyden/agents/evolve/evolution.h"

namespace leyden::cli {

// What a run is: all that its result follows from but the project's files. Kept with the run, so that it can be gone on from. Budgets are not in it:
// a resumed run may be given others.
struct EvolvePlan {
  std::string project;  // Absolute.
  std::string program;  // Relative to it.
  std::string start;    // Its text when the run began.
  std::string judge;
  std::vector<std::string> stages;
  std::string run;
  std::vector<std::string> shown;
  std::size_t repeats = 1;
  double timeout_s = 10;
  std::size_t memory_mb = 1024;
  std::string goal = "max";
  std::optional<double> target;
  std::size_t iterations = 200;
  std::size_t islands = 2;
  std::size_t capacity = 100;
  std::size_t generation_size = 8;
  std::uint64_t seed = 1;
  std::string scenario;
  std::string task;
  std::vector<double> priors;
  std::vector<std::string> operators;  // Only these; empty: all.

  [[nodiscard]] evolve::EvaluatorOptions evaluator() const;
  [[nodiscard]] std::string json() const;
  // Errors: corrupt.
  [[nodiscard]] static Result<EvolvePlan> of_json(std::string_view text);
};

// Where runs lie: <project>/.leyden/runs.
[[nodiscard]] std::filesystem::path runs_folder(const std::filesystem::path& project);
// A new run's folder, named by the time: 20261127-031500, with -2 and so on where that is there. Errors: unavailable.
[[nodiscard]] Result<std::filesystem::path> make_run_folder(const std::filesystem::path& runs);
// "last" is the newest. Errors: not_found, naming the runs that there are.
[[nodiscard]] Result<std::filesystem::path> find_run_folder(const std::filesystem::path& runs,
                                                            const std::string& name);

}  // namespace leyden::cli
