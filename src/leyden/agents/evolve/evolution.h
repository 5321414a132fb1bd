#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/archive/journal.h"
#include "leyden/agents/evolve/child_writer.h"
#include "leyden/agents/evolve/evaluation/evaluator.h"
#include "leyden/agents/evolve/search_state.h"

namespace leyden::evolve {

struct EvolutionOptions {
  std::optional<double> target;      // Of the score: reached, the run ends.
  std::size_t candidates_max = 200;  // Beside the start.
  std::size_t evaluations_max =
      0;  // Of candidates, the start and measuring anew at the end included; 0: no bound.
  std::chrono::milliseconds time_max{0};  // 0: no bound. What is being evaluated then is ended.
  SpendingLimits spending;                // Of the model.
  std::size_t islands = 2;
  std::size_t capacity = 100;       // Of the archive.
  std::size_t generation_size = 8;  // Candidates that are proposed before any of them is known.
  std::size_t workers = 1;  // Evaluations at a time. The result is the same with any number.
  std::uint64_t seed = 1;
  std::vector<double> priors;       // Of the kArms; empty: all alike.
  std::vector<Operator> operators;  // Only these; empty: all.

  [[nodiscard]] Result<void> check() const;
};

enum class RunEnd { target_met, candidates, evaluations, time, exhausted, interrupted };
[[nodiscard]] std::string_view to_string(RunEnd end);

struct EvolutionProgress {
  std::size_t finished = 0;
  std::size_t candidates_max = 0;
  std::optional<double> start;
  std::optional<double> best;
  std::string_view best_by;  // The operator.
};

struct EvolutionReport {
  RunEnd end = RunEnd::candidates;
  SearchState state;           // All trajectories and what was learned of them.
  std::size_t unfinished = 0;  // Proposed, but not evaluated any more.
  double seconds = 0;          // Of this process.
  // Noisy scores: both measured anew at the end. A gain that is not there again was none.
  std::optional<Evaluation> start_again;
  std::optional<Evaluation> best_again;

  [[nodiscard]] const Trajectory& start() const { return state.trajectories().front(); }
  [[nodiscard]] const Trajectory* best() const;
  [[nodiscard]] bool gained(Goal goal) const;
  [[nodiscard]] bool met(std::optional<double> target, Goal goal) const;
};

// Makes a program better by what `evaluator` measures: generations of children are proposed, written to `journal`, evaluated in parallel and
// merged in the order in which they were proposed. A journal that has trajectories of this evaluator is gone on from; the result is that of a run that
// was never interrupted. Where another evaluator's are there, their programs are measured anew first. Everything borrowed outlives the call. Errors: those of the evaluator and the journal;
// invalid_argument. An interrupted run is a report, not an error.
[[nodiscard]] Result<EvolutionReport> evolve(
    const Evaluator& evaluator, Journal& journal, std::string_view start_code,
    syntax::Language language, ChildWriter* writer, const EvolutionOptions& options,
    const std::function<void(const EvolutionProgress&)>& on_progress, const std::stop_token& stop);

}  // namespace leyden::evolve
