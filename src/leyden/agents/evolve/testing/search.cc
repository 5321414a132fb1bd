#include "leyden/agents/evolve/testing/search.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "leyden/agents/evolve/selection/scenarios.h"

namespace leyden::evolve {
namespace {

constexpr std::size_t kGeneration = 8;

std::vector<Trajectory> first_of(const SearchTask& task) {
  std::vector<Trajectory> out;
  out.reserve(task.starts.size());
  for (const std::string& code : task.starts)
    out.push_back({.number = out.size(), .code = code, .digest = digest_of_code(code)});
  return out;
}

}  // namespace

SearchOutcome search(const SearchTask& task, std::vector<Operator> operators, std::uint64_t seed,
                     std::size_t evaluations_max, ArchiveOptions archive) {
  const std::vector<double> priors = priors_for(*scenario_for(task.scenario).scenario, {});
  SearchOutcome out{
      .solved_after = {},
      .state = SearchState(syntax::Language::python, archive, priors, task.starts.front())};
  const BreedingOptions options{.language = syntax::Language::python,
                                .file = "program.py",
                                .seed = seed,
                                .islands = archive.islands,
                                .operators = std::move(operators)};
  std::vector<Trajectory> generation = first_of(task);
  while (!generation.empty()) {
    for (Trajectory& one : generation) {
      one.evaluation = task.judge(one.code);
      if (!out.solved_after && one.evaluation->score().value_or(task.target - 1) >= task.target)
        out.solved_after = one.number + 1;
    }
    out.state.merge(std::move(generation));
    const std::size_t done = out.state.evaluations();
    if (out.solved_after || done >= evaluations_max) break;
    auto brood =
        breed(out.state, std::min(kGeneration, evaluations_max - done), options, nullptr, {});
    generation = brood ? std::move(brood->children) : std::vector<Trajectory>();
  }
  return out;
}

std::vector<std::uint64_t> seeds_wanted(std::uint64_t otherwise) {
  const auto wish = [](const char* name, std::uint64_t none) {
    const char* text = std::getenv(name);
    return text == nullptr ? none : std::max<std::uint64_t>(1, std::strtoull(text, nullptr, 10));
  };
  std::vector<std::uint64_t> out(wish("LEYDEN_EVOLVE_SEEDS", otherwise));
  std::iota(out.begin(), out.end(), wish("LEYDEN_EVOLVE_FIRST_SEED", 1));
  return out;
}

}  // namespace leyden::evolve
