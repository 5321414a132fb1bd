#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/operators/operators.h"
#include "leyden/agents/evolve/search_state.h"

namespace leyden::evolve {

// A kind of task, and what each operator may be worth in it before anything is measured.
struct Scenario {
  std::string name;
  std::vector<std::string_view> words;  // By which a description is known.
  std::array<double, kOperators> priors{};
  std::string why;
  double model = 1;  // What a model's child may be worth against the same operator's without one.
};
[[nodiscard]] const std::vector<Scenario>& scenarios();

struct ScenarioMatch {
  const Scenario* scenario = nullptr;  // Never null.
  bool fallback = false;               // No word of the description is known: the general one.
};
// By its name, else by the words of a description.
[[nodiscard]] ScenarioMatch scenario_for(std::string_view description);

// What operators gained in earlier runs of the scenario, as GainScale scales it.
struct OperatorGains {
  std::size_t runs = 0;
  std::array<double, kArms> pulls{};
  std::array<double, kArms> gained{};
};
// Of all runs in the folder that ended and can be read.
[[nodiscard]] OperatorGains gains_of_runs(const std::filesystem::path& runs,
                                          std::string_view scenario);
// As a run keeps its own, in the setting "gains" of its journal.
[[nodiscard]] std::string json_of_gains(const OperatorBandit& bandit);

// The scenario's priors, moved by what was measured: a hundred pulls weigh as much as the prior. 1 is the average of operators.
[[nodiscard]] std::vector<double> priors_for(const Scenario& scenario, const OperatorGains& gains);

}  // namespace leyden::evolve
