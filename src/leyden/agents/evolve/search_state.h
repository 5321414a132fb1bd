#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "leyden/agents/evolve/archive/archive.h"
#include "leyden/agents/evolve/operators/constants.h"
#include "leyden/agents/evolve/selection/gain_scale.h"
#include "leyden/agents/evolve/selection/operator_bandit.h"
#include "leyden/syntax/language.h"

namespace leyden::evolve {

// Whom a child must be better than: of two parents the better one, else whoever mixes a weak parent with a good one would seem to gain; in the place of a parent without a fitness its nearest
// ancestor with one, else whoever takes back what broke it would.
[[nodiscard]] const Trajectory& rival_of(const Trajectory& child,
                                         const std::vector<Trajectory>& trajectories, Goal goal);

// What a child was worth: its relative gain over that parent, 0 to 1 and 0 within the noise, for each unit of cost.
[[nodiscard]] double gain_of(const Trajectory& child, const Trajectory& parent, Goal goal);

// An operator in one of its forms: an arm of the bandit.
struct Arm {
  Operator which{};
  bool by_model = false;
};
inline constexpr std::size_t kArms = 2 * kOperators;
[[nodiscard]] inline Arm arm_at(std::size_t number) {
  return {static_cast<Operator>(number % kOperators), number >= kOperators};
}
[[nodiscard]] inline std::size_t number_of(Arm arm) {
  return static_cast<std::size_t>(arm.which) + (arm.by_model ? kOperators : 0);
}

// All that a run has learned. It follows from the finished trajectories in their order and from nothing else: not from time, workers or how
// often the run was interrupted. Confined to one thread.
class SearchState {
 public:
  SearchState(syntax::Language language, ArchiveOptions options, std::span<const double> priors,
              std::string_view start_code);

  // One whole generation, every trajectory evaluated, in the order of their numbers.
  void merge(std::vector<Trajectory> generation);

  // For answers of which nothing came.
  void pay(const Spent& spent) { spent_ += spent; }

  [[nodiscard]] const std::vector<Trajectory>& trajectories() const { return trajectories_; }
  [[nodiscard]] const Archive& archive() const { return archive_; }
  [[nodiscard]] const OperatorBandit& bandit() const { return bandit_; }
  [[nodiscard]] const NumericSearch& numbers() const { return numbers_; }
  [[nodiscard]] bool knows(const Digest& code) const { return known_.contains(code); }
  // Better than all others by more than the noise; empty as long as none has a fitness.
  [[nodiscard]] std::optional<std::size_t> best() const { return best_; }
  [[nodiscard]] std::size_t generations() const { return generations_; }
  [[nodiscard]] std::size_t evaluations() const { return evaluations_; }
  [[nodiscard]] const Spent& spent() const { return spent_; }
  // What raised the best, in words, the oldest first.
  [[nodiscard]] const std::vector<std::string>& lessons() const { return lessons_; }
  [[nodiscard]] Digest digest() const;

 private:
  void learn(const Trajectory& child);
  void look_for_best(const Trajectory& one);

  syntax::Language language_;
  Goal goal_;
  Archive archive_;
  GainScale gains_;
  OperatorBandit bandit_;
  NumericSearch numbers_;
  std::vector<Trajectory> trajectories_;
  std::set<Digest> known_;
  std::optional<std::size_t> best_;
  std::size_t generations_ = 0;
  std::size_t evaluations_ = 0;
  Spent spent_;
  std::vector<std::string> lessons_;
};

}  // namespace leyden::evolve
