#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "leyden/agents/evolve/breeding.h"
#include "leyden/agents/evolve/search_state.h"

namespace leyden::evolve {

// A search whose judge is a function of this process: a run without sandbox and journal, for what needs many of them.
struct SearchTask {
  std::string name;
  std::vector<std::string> starts;  // The first is the start, others were brought along.
  std::function<Evaluation(const std::string& code)> judge;
  double target = 0;  // More is better.
  std::string scenario = "general";
};

struct SearchOutcome {
  std::optional<std::size_t> solved_after;  // Evaluations until the target was measured.
  SearchState state;
};

// `operators`: only these; empty: all.
[[nodiscard]] SearchOutcome search(const SearchTask& task, std::vector<Operator> operators,
                                   std::uint64_t seed, std::size_t evaluations_max,
                                   ArchiveOptions archive = {});

// As many as LEYDEN_EVOLVE_SEEDS says, else `otherwise`, from LEYDEN_EVOLVE_FIRST_SEED on, else from 1.
[[nodiscard]] std::vector<std::uint64_t> seeds_wanted(std::uint64_t otherwise);

}  // namespace leyden::evolve
