#include "leyden/agents/evolve/evolution.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <numeric>
#include <thread>

#include <fmt/format.h>

#include "leyden/agents/evolve/breeding.h"
#include "leyden/agents/evolve/remembering_writer.h"
#include "leyden/base/clock.h"
#include "leyden/base/stoppable_wait.h"
#include "leyden/base/work_pool.h"

namespace leyden::evolve {
namespace {

bool reaches(const Evaluation& evaluation, std::optional<double> target, Goal goal) {
  const std::optional<double> score = evaluation.score();
  if (!score || !target) return false;
  return goal == Goal::max ? *score >= *target : *score <= *target;
}

// Stops when the caller does, or when the time is over.
class TimedStop {
 public:
  TimedStop(const std::stop_token& outer, std::chrono::milliseconds time)
      : outer_(outer, [this] { source_.request_stop(); }) {
    if (time.count() == 0) return;
    timer_ = std::jthread([this, until = Deadline::after(time)](const std::stop_token& done) {
      if (wait_unless_stopped(done, until)) source_.request_stop();
    });
  }
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> outer_;
  std::jthread timer_;
};

class Run {
 public:
  Run(const Evaluator& evaluator, Journal& journal, syntax::Language language, ChildWriter* writer,
      const EvolutionOptions& options,
      const std::function<void(const EvolutionProgress&)>& on_progress, SearchState state,
      std::stop_token stop)
      : evaluator_(evaluator),
        journal_(journal),
        writer_(writer),
        options_(options),
        on_progress_(on_progress),
        state_(std::move(state)),
        stop_(std::move(stop)),
        pool_(options.workers - 1),
        breeding_({.language = language,
                   .file = evaluator.options().program.filename().string(),
                   .seed = options.seed,
                   .islands = options.islands,
                   .spending = options.spending,
                   .operators = options.operators}) {}

  // What the journal holds, its last generation finished; else the start and what an earlier evaluator called good.
  Result<void> begin(std::string_view start_code) {
    auto known = journal_.load(evaluator_.digest());
    if (!known) return std::unexpected(known.error());
    if (known->empty()) return first_generation(start_code);
    if (known->front().code != start_code)
      return fail(Errc::invalid_argument, "this run began with another program");
    std::vector<Trajectory> generation;
    for (Trajectory& one : *known) {
      if (!generation.empty() && generation.back().generation != one.generation) {
        if (auto done = evaluate_and_merge(std::move(generation)); !done) return done;
        generation.clear();
      }
      generation.push_back(std::move(one));
    }
    return evaluate_and_merge(std::move(generation));
  }

  Result<RunEnd> go_on() {
    for (;;) {
      if (state_.best() &&
          reaches(*state_.trajectories()[*state_.best()].evaluation, options_.target, goal()))
        return RunEnd::target_met;
      const std::size_t done = state_.trajectories().size();
      if (done > options_.candidates_max) return RunEnd::candidates;
      std::size_t count = std::min(options_.generation_size, options_.candidates_max + 1 - done);
      if (options_.evaluations_max > 0) {
        // Two are kept for measuring start and best anew.
        const std::size_t kept = evaluator_.options().repeats > 1 ? 2 : 0;
        if (done + kept >= options_.evaluations_max) return RunEnd::evaluations;
        count = std::min(count, options_.evaluations_max - kept - done);
      }
      auto brood = next_generation(count);
      if (!brood) return std::unexpected(brood.error());
      state_.pay(brood->spent);
      if (brood->children.empty()) return RunEnd::exhausted;
      if (auto added = journal_.add(evaluator_.digest(), brood->children); !added)
        return std::unexpected(added.error());
      if (auto merged = evaluate_and_merge(std::move(brood->children)); !merged)
        return std::unexpected(merged.error());
    }
  }

  // Start and best once more, where scores are noisy.
  Result<void> measure_again(EvolutionReport& report) const {
    if (evaluator_.options().repeats < 2 || report.best() == nullptr || report.best()->number == 0)
      return {};
    for (auto [code, again] : {std::pair(&report.start().code, &report.start_again),
                               std::pair(&report.best()->code, &report.best_again)}) {
      auto measured = evaluator_.evaluate(*code, stop_);
      if (!measured) return std::unexpected(measured.error());
      *again = *std::move(measured);
    }
    return {};
  }

  [[nodiscard]] std::size_t unfinished() const { return unfinished_; }
  [[nodiscard]] SearchState take_state() { return std::move(state_); }
  [[nodiscard]] bool has_start() const { return !state_.trajectories().empty(); }

 private:
  [[nodiscard]] Goal goal() const { return evaluator_.options().goal; }

  Result<Brood> next_generation(std::size_t count) {
    if (writer_ == nullptr) return breed(state_, count, breeding_, nullptr, stop_);
    RememberingWriter remembering(*writer_, journal_, evaluator_.digest(), state_.generations());
    return breed(state_, count, breeding_, &remembering, stop_);
  }

  Result<void> first_generation(std::string_view start_code) {
    auto others = journal_.codes_of_others(evaluator_.digest());
    if (!others) return std::unexpected(others.error());
    std::vector<Trajectory> first;
    const auto add = [&](std::string_view code, const char* reasoning) {
      if (first.size() > options_.generation_size || (!first.empty() && code == start_code)) return;
      first.push_back({.number = first.size(),
                       .island = first.size() % options_.islands,
                       .code = std::string(code),
                       .digest = digest_of_code(code),
                       .reasoning = reasoning});
    };
    add(start_code, "the start");
    for (const std::string& code : *others) add(code, "was good under an earlier evaluator");
    if (auto added = journal_.add(evaluator_.digest(), first); !added) return added;
    return evaluate_and_merge(std::move(first));
  }

  Result<void> evaluate_and_merge(std::vector<Trajectory> generation) {
    std::mutex lock;  // Of the journal, the error and the progress.
    std::optional<Error> error;
    std::size_t finished = state_.trajectories().size();
    const std::vector<std::size_t> order = longest_first(generation);
    pool_.run(generation.size(), [&](std::size_t i) {
      Trajectory& one = generation[order[i]];
      if (!one.evaluation) {
        auto evaluation = evaluator_.evaluate(one.code, stop_);
        const std::lock_guard held(lock);
        if (evaluation) {
          auto kept = journal_.finish(evaluator_.digest(), one.number, *evaluation);
          if (!kept && !error) error = kept.error();
          one.evaluation = *std::move(evaluation);
        } else if (!error || error->code == Errc::cancelled) {
          error = evaluation.error();
        }
      }
      const std::lock_guard held(lock);
      tell(++finished);
    });
    if (error) {
      unfinished_ = static_cast<std::size_t>(
          std::ranges::count_if(generation, [](const Trajectory& one) { return !one.evaluation; }));
      return std::unexpected(*error);
    }
    state_.merge(std::move(generation));
    tell(state_.trajectories().size());
    return {};
  }

  // Children take about as long as their parents did: the workers are done at about one time if those that take long come first.
  [[nodiscard]] std::vector<std::size_t> longest_first(
      const std::vector<Trajectory>& generation) const {
    std::vector<std::size_t> out(generation.size());
    std::iota(out.begin(), out.end(), 0);
    std::ranges::sort(out, std::greater(), [&](std::size_t i) {
      const std::vector<std::size_t>& parents = generation[i].parents;
      return parents.empty() ? 0.0 : state_.trajectories().at(parents.front()).evaluation->seconds;
    });
    return out;
  }

  void tell(std::size_t finished) const {
    if (!on_progress_) return;
    EvolutionProgress progress{.finished = finished,
                               .candidates_max = options_.candidates_max + 1,
                               .start = {},
                               .best = {},
                               .best_by = {}};
    if (has_start()) progress.start = state_.trajectories().front().evaluation->score();
    if (state_.best()) {
      const Trajectory& best = state_.trajectories()[*state_.best()];
      progress.best = best.evaluation->score();
      if (best.made_by) progress.best_by = to_string(*best.made_by);
    }
    on_progress_(progress);
  }

  const Evaluator& evaluator_;
  Journal& journal_;
  ChildWriter* writer_;
  const EvolutionOptions& options_;
  const std::function<void(const EvolutionProgress&)>& on_progress_;
  SearchState state_;
  std::stop_token stop_;
  WorkPool pool_;
  BreedingOptions breeding_;
  std::size_t unfinished_ = 0;
};

}  // namespace

std::string_view to_string(RunEnd end) {
  static constexpr std::array<std::string_view, 6> kNames = {
      "target_met", "candidates", "evaluations", "time", "exhausted", "interrupted"};
  return kNames.at(static_cast<std::size_t>(end));
}

Result<void> EvolutionOptions::check() const {
  const auto in_range = [](std::string_view name, std::size_t value, std::size_t least,
                           std::size_t most) -> Result<void> {
    if (value >= least && value <= most) return {};
    return fail(Errc::invalid_argument, "{} is {}: it must be {} to {}", name, value, least, most);
  };
  for (auto checked : {in_range("islands", islands, 1, 64),
                       in_range("capacity of the archive", capacity, 1, 100'000),
                       in_range("size of a generation", generation_size, 1, 1000),
                       in_range("workers", workers, 1, 256),
                       in_range("iterations", candidates_max, 1, 10'000'000)}) {
    if (!checked) return checked;
  }
  if (!priors.empty() && priors.size() != kArms)
    return fail(Errc::invalid_argument, "{} priors for {} arms", priors.size(), kArms);
  return {};
}

const Trajectory* EvolutionReport::best() const {
  return state.best() ? &state.trajectories()[*state.best()] : nullptr;
}

bool EvolutionReport::gained(Goal goal) const {
  if (best() == nullptr || best()->number == 0 ||
      !is_gain(*best()->evaluation, *start().evaluation, goal))
    return false;
  return !best_again || is_gain(*best_again, *start_again, goal);
}

bool EvolutionReport::met(std::optional<double> target, Goal goal) const {
  return best() != nullptr && reaches(*best()->evaluation, target, goal) &&
         (!best_again || reaches(*best_again, target, goal));
}

Result<EvolutionReport> evolve(const Evaluator& evaluator, Journal& journal,
                               std::string_view start_code, syntax::Language language,
                               ChildWriter* writer, const EvolutionOptions& options,
                               const std::function<void(const EvolutionProgress&)>& on_progress,
                               const std::stop_token& stop) {
  if (auto good = options.check(); !good) return std::unexpected(good.error());
  if (auto parsed = Program::parse(language, std::string(start_code)); !parsed)
    return std::unexpected(parsed.error());
  const auto started = std::chrono::steady_clock::now();
  const TimedStop timed(stop, options.time_max);
  const std::vector<double> priors =
      options.priors.empty() ? std::vector<double>(kArms, 1.0) : options.priors;
  Run run(evaluator, journal, language, writer, options, on_progress,
          SearchState(language,
                      {.islands = options.islands,
                       .capacity = options.capacity,
                       .goal = evaluator.options().goal},
                      priors, start_code),
          timed.token());
  const auto ended_early = [&](const Error& error) -> Result<RunEnd> {
    if (error.code != Errc::cancelled || !run.has_start()) return std::unexpected(error);
    return stop.stop_requested() ? RunEnd::interrupted : RunEnd::time;
  };
  auto begun = run.begin(start_code);
  auto end = begun ? run.go_on() : ended_early(begun.error());
  if (begun && !end) end = ended_early(end.error());
  if (!end) return std::unexpected(end.error());
  const std::size_t unfinished = run.unfinished();
  EvolutionReport report{.end = *end,
                         .state = run.take_state(),
                         .unfinished = unfinished,
                         .start_again = {},
                         .best_again = {}};
  if (!timed.token().stop_requested()) {
    if (auto again = run.measure_again(report); !again && again.error().code != Errc::cancelled)
      return std::unexpected(again.error());
  }
  report.seconds = ms_between(started, std::chrono::steady_clock::now()) / 1000;
  return report;
}

}  // namespace leyden::evolve
