#include "leyden/agents/evolve/search_state.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

namespace leyden::evolve {
namespace {

constexpr double kTokensPerUnit = 2000;  // Cost as much as an evaluation.

double relative(double more, double than) {
  return std::clamp((more - than) / std::max(std::abs(than), 1e-9), 0.0, 1.0);
}

const Trajectory& last_measured(const Trajectory& one,
                                const std::vector<Trajectory>& trajectories) {
  const Trajectory* at = &one;
  while (!at->evaluation->score() && !at->parents.empty())
    at = &trajectories.at(at->parents.front());
  return at->evaluation->score() ? *at : one;
}

}  // namespace

const Trajectory& rival_of(const Trajectory& child, const std::vector<Trajectory>& trajectories,
                           Goal goal) {
  const Trajectory* best = &last_measured(trajectories.at(child.parents.front()), trajectories);
  for (const std::size_t parent : child.parents) {
    const Trajectory& one = last_measured(trajectories.at(parent), trajectories);
    if (is_gain(*one.evaluation, *best->evaluation, goal)) best = &one;
  }
  return *best;
}

double gain_of(const Trajectory& child, const Trajectory& parent, Goal goal) {
  const Evaluation& ours = *child.evaluation;
  const Evaluation& theirs = *parent.evaluation;
  double gain = 0;
  if (is_gain(ours, theirs, goal)) {
    const auto before = fitness_of(theirs, goal);
    gain = before ? relative(*fitness_of(ours, goal), *before) : 1;
  } else if (!ours.score() && !theirs.score() && ours.told && theirs.told) {
    // Neither passes, but one came nearer.
    const double sign = goal == Goal::max ? 1 : -1;
    gain = relative(sign * *ours.told, sign * *theirs.told) / 2;
  }
  return gain / (1 + static_cast<double>(child.spent.tokens) / kTokensPerUnit);
}

SearchState::SearchState(syntax::Language language, ArchiveOptions options,
                         std::span<const double> priors, std::string_view start_code)
    : language_(language), goal_(options.goal), archive_(options, start_code), bandit_(priors) {}

void SearchState::merge(std::vector<Trajectory> generation) {
  for (Trajectory& one : generation) {
    known_.insert(one.digest);
    ++evaluations_;
    spent_ += one.spent;
    for (const std::size_t parent : one.parents) archive_.count_child(parent);
    trajectories_.push_back(std::move(one));
    learn(trajectories_.back());
    archive_.add(trajectories_.back());
    look_for_best(trajectories_.back());
  }
  archive_.end_generation(generations_++);
}

void SearchState::learn(const Trajectory& child) {
  if (!child.made_by || child.parents.empty()) return;
  const Trajectory& parent = trajectories_.at(child.parents.front());
  const Trajectory& rival = rival_of(child, trajectories_, goal_);
  bandit_.tell(number_of({*child.made_by, child.by_model}),
               gains_.scaled(gain_of(child, rival, goal_)),
               rival.evaluation->score() && !child.evaluation->score());
  const auto before = Program::parse(language_, parent.code);
  const auto after = Program::parse(language_, child.code);
  if (before && after)
    numbers_.tell({*before, fitness_of(*parent.evaluation, goal_)},
                  {*after, fitness_of(*child.evaluation, goal_)});
}

void SearchState::look_for_best(const Trajectory& one) {
  if (!one.evaluation->score()) return;
  if (best_ && !is_gain(*one.evaluation, *trajectories_[*best_].evaluation, goal_)) return;
  if (best_)
    lessons_.push_back(fmt::format("{} raised the score from {} to {}: {}",
                                   one.made_by ? to_string(*one.made_by) : "an earlier program",
                                   *trajectories_[*best_].evaluation->score(),
                                   *one.evaluation->score(), one.reasoning));
  best_ = one.number;
}

Digest SearchState::digest() const {
  Hasher hasher;
  hasher.field("leyden evolve state 2")
      .field(generations_)
      .field(evaluations_)
      .field(spent_.tokens);
  for (const Trajectory& one : trajectories_) {
    hasher.field(one.digest).field(one.island).field(to_string(one.evaluation->status));
    for (const double sample : one.evaluation->samples)
      hasher.field(std::bit_cast<std::uint64_t>(sample));
    for (const std::size_t parent : one.parents) hasher.field(parent);
  }
  archive_.add_to(hasher);
  bandit_.add_to(hasher);
  hasher.field(best_.value_or(trajectories_.size()));
  return hasher.finish();
}

}  // namespace leyden::evolve
