#include "leyden/agents/evolve/selection/scenarios.h"

#include <algorithm>
#include <numeric>
#include <system_error>

#include <nlohmann/json.hpp>

#include "leyden/agents/evolve/archive/journal.h"

namespace leyden::evolve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr double kPullsLikePrior = 100;

void add_run(const fs::path& file, std::string_view scenario, OperatorGains& out) {
  auto journal = Journal::open_existing(file);
  if (!journal) return;
  const auto settings = journal->settings();
  if (!settings || !settings->contains("gains") || settings->at("scenario") != scenario) return;
  const Json gains = Json::parse(settings->at("gains"), nullptr, false);
  if (!gains.is_array() || gains.size() != kArms) return;
  for (std::size_t i = 0; i < kArms; ++i) {
    out.pulls[i] += gains[i].value("pulls", 0.0);
    out.gained[i] += gains[i].value("gained", 0.0);
  }
  ++out.runs;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  // In the order revision, recombination, refinement, crossover, mutation.
  static const std::vector<Scenario> all = {
      {"repair",
       {"repair", "fix", "bug", "fail", "wrong", "crash", "mend", "error"},
       {2.0, 0.5, 0.5, 0.5, 1.5},
       "a failing program is changed where its evidence points",
       4.0},
      {"numeric",
       {"numeric", "number", "constant", "tune", "parameter", "pack", "weight", "threshold",
        "optimum", "coefficient"},
       {0.4, 0.8, 2.6, 0.5, 0.7},
       "numbers are searched for rather than guessed",
       1.0},
      {"speed",
       {"speed", "fast", "slow", "time", "latency", "performance", "instruction"},
       {0.6, 1.1, 1.3, 1.0, 1.0},
       "what is right is made cheaper step by step, and gains are joined",
       1.0},
      {"general", {"general"}, {1, 1, 1, 1, 1}, "nothing is known: all operators are alike", 1.0}};
  return all;
}

ScenarioMatch scenario_for(std::string_view description) {
  std::string lower;
  for (const char c : description)
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const Scenario* best = &scenarios().back();
  std::ptrdiff_t most = 0;
  for (const Scenario& one : scenarios()) {
    if (one.name == lower) return {&one, false};
    const auto count = std::ranges::count_if(
        one.words, [&](std::string_view word) { return lower.find(word) != std::string::npos; });
    if (count > most) {
      most = count;
      best = &one;
    }
  }
  return {best, most == 0};
}

OperatorGains gains_of_runs(const fs::path& runs, std::string_view scenario) {
  OperatorGains out;
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(runs, error))
    files.push_back(entry.path() / "evolve.db");
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    if (fs::is_regular_file(file, error)) add_run(file, scenario, out);
  }
  return out;
}

std::string json_of_gains(const OperatorBandit& bandit) {
  Json out = Json::array();
  for (const OperatorBandit::Arm& arm : bandit.arms())
    out.push_back({{"pulls", arm.pulls}, {"gained", arm.gained}});
  return out.dump();
}

std::vector<double> priors_for(const Scenario& scenario, const OperatorGains& gains) {
  const double pulls = std::accumulate(gains.pulls.begin(), gains.pulls.end(), 0.0);
  const double gained = std::accumulate(gains.gained.begin(), gains.gained.end(), 0.0);
  std::vector<double> out;
  for (std::size_t i = 0; i < kArms; ++i) {
    const double prior = scenario.priors[i % kOperators] * (i < kOperators ? 1 : scenario.model);
    const double weight = gained > 0 ? gains.pulls[i] / (gains.pulls[i] + kPullsLikePrior) : 0;
    const double measured =
        weight > 0 ? gains.gained[i] / gains.pulls[i] / (gained / pulls) : prior;
    out.push_back((1 - weight) * prior + weight * std::min(measured, 10.0));
  }
  return out;
}

}  // namespace leyden::evolve
