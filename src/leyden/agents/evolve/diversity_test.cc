// What islands and cells are for: tasks that lead those astray who only go on from the best.
#include <algorithm>
#include <cstdio>

#include <gtest/gtest.h>

#include "leyden/agents/evolve/testing/search.h"

namespace leyden::evolve {
namespace {

// A trap: each switch that is turned on costs a point, all together give twenty.
constexpr std::size_t kSwitches = 8;
SearchTask trap() {
  std::string start = "run(\n    # EVOLVE-BLOCK-START\n    use(";
  for (std::size_t i = 0; i < kSwitches; ++i)
    start += std::string(i > 0 ? ", " : "") + "s" + std::to_string(i) + "=False";
  start += "),\n    # EVOLVE-BLOCK-END\n)\n";
  return {.name = "trap",
          .starts = {start},
          .judge =
              [](const std::string& code) {
                std::size_t on = 0;
                for (std::size_t at = 0; (at = code.find("=True", at)) != std::string::npos; ++at)
                  ++on;
                Evaluation out{.status = Status::measured};
                out.samples = {on == kSwitches ? 20 : static_cast<double>(kSwitches - on)};
                return out;
              },
          .target = 20,
          .scenario = "general"};
}

// Of each tenth of distance from the start the best that was found: what a run knows of the whole space (Pugh and others, 2016).
double quality_diversity(const SearchState& state) {
  std::array<double, 10> best{};
  for (const Trajectory& one : state.trajectories()) {
    const double distance = state.archive().distance(one.code);
    double& of = best.at(std::min<std::size_t>(static_cast<std::size_t>(distance * 10), 9));
    of = std::max(of, one.evaluation->score().value_or(0));
  }
  double sum = 0;
  for (const double one : best) sum += one;
  return sum;
}

// Against one island that goes on from the best alone, as many evaluations for both. LEYDEN_EVOLVE_SEEDS=100 for the whole proof.
TEST(Diversity, IslandsAndCellsLeaveATrap) {
  constexpr std::size_t kEvaluations = 160;
  const std::vector<std::uint64_t> seeds = seeds_wanted(10);
  std::size_t better = 0;
  std::size_t solved = 0;
  std::size_t greedy_solved = 0;
  for (const std::uint64_t seed : seeds) {
    const SearchOutcome ours = search(trap(), {}, seed, kEvaluations);
    const SearchOutcome greedy =
        search(trap(), {}, seed, kEvaluations, {.islands = 1, .capacity = 1});
    better += quality_diversity(ours.state) > quality_diversity(greedy.state) ? 1 : 0;
    solved += ours.solved_after ? 1 : 0;
    greedy_solved += greedy.solved_after ? 1 : 0;
  }
  std::printf(
      "of %zu seeds: a higher quality-diversity score than one greedy population in %zu; out of "
      "the trap %zu, greedy %zu\n",
      seeds.size(), better, solved, greedy_solved);
  EXPECT_GE(better * 10, seeds.size() * 8);
  EXPECT_GE(solved, greedy_solved);
}

}  // namespace
}  // namespace leyden::evolve
