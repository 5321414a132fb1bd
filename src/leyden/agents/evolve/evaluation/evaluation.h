#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/evaluation/verdict.h"

namespace leyden::evolve {

enum class Goal { max, min };

// What is known of one candidate. Only a run that was measured gives a fitness.
struct Evaluation {
  Status status = Status::unreadable;
  std::string stage;   // The command after which it was over.
  std::string reason;  // Why there is no fitness; empty where there is.
  std::string evidence;
  std::vector<double> samples;  // Scores of the last stage, one for each repeat, as told.
  std::optional<double>
      told;  // The score of a run that did not pass: a hint for search, never a result.
  std::map<std::string, double> metrics;  // Of the last run.
  std::size_t runs = 0;                   // Commands that were run.
  double seconds = 0;                     // All of them together.
  double limit_share = 0;  // The processor time of one of them against its time limit, at most.

  // The median. Empty unless every repeat was measured.
  [[nodiscard]] std::optional<double> score() const;
  // The largest sample less the smallest: the noise that was seen.
  [[nodiscard]] double spread() const;
};

// Whether it came so near to its time limit that what is made from it may well run into it.
[[nodiscard]] bool is_slow(const Evaluation& evaluation);

// `sign` * score: more is better for either goal.
[[nodiscard]] std::optional<double> fitness_of(const Evaluation& evaluation, Goal goal);

// Whether `child` is better than `parent` by more than the noise that either showed. A parent without a fitness is worse than any that
// has one; without samples nothing is ever better.
[[nodiscard]] bool is_gain(const Evaluation& child, const Evaluation& parent, Goal goal);

}  // namespace leyden::evolve
