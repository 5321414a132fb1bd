#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/evolution.h"
#include "leyden/agents/evolve/model/model_writer.h"

namespace leyden::evolve {

// What a report says beside what was measured.
struct RunFacts {
  std::string run;      // Its name.
  std::string program;  // As it was typed.
  std::string judge;    // The command.
  std::string scenario;
  Goal goal = Goal::max;
  std::optional<double> target;
  std::string model;  // Its name; empty: none was asked.
  std::optional<ModelCounts> counts;
  std::string why_no_model;  // One was asked for and could not be had.
  std::optional<cache::CacheStats> cache_stats;
};

// What an operator's children were worth.
struct OperatorTally {
  Arm arm;
  std::size_t tried = 0;
  std::size_t measured = 0;
  std::size_t gains = 0;  // Better than their parent by more than the noise.
  std::size_t bests = 0;  // Better than all before.
  double gained = 0;      // The sum of gain_of.
};
[[nodiscard]] std::vector<OperatorTally> tallies_of(const EvolutionReport& report, Goal goal);

// From the start to the best, each made of the one before.
[[nodiscard]] std::vector<std::size_t> line_of_descent(const EvolutionReport& report);

// A unified diff; empty where the texts are alike.
[[nodiscard]] std::string diff_of(std::string_view before, std::string_view after,
                                  std::string_view name);

[[nodiscard]] std::string text_report(const EvolutionReport& report, const RunFacts& facts);
[[nodiscard]] std::string json_report(const EvolutionReport& report, const RunFacts& facts);
// One page that needs nothing else: the curve of the best, who came of whom, operators, the diff.
[[nodiscard]] std::string html_report(const EvolutionReport& report, const RunFacts& facts);

}  // namespace leyden::evolve
