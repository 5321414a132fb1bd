#include "leyden/agents/evolve/selection/parents.h"

#include <cmath>

namespace leyden::evolve {
namespace {

constexpr double kSlow =
    0.05;  // A slow parent's weight: of its children each takes the time of many.

// `greed`: how much a rank is worth.
std::optional<std::size_t> choose(const std::vector<Archive::Member>& members, double greed,
                                  std::optional<std::size_t> but, Random& random) {
  double sum = 0;
  std::vector<double> weights;
  for (std::size_t rank = 0; rank < members.size(); ++rank) {
    const double novelty = 1 / (1 + static_cast<double>(members[rank].children) / 32);
    const double cost = members[rank].is_slow ? kSlow : 1;
    const double weight = members[rank].number == but
                              ? 0
                              : std::exp(-greed * static_cast<double>(rank)) * novelty * cost;
    weights.push_back(weight);
    sum += weight;
  }
  if (sum <= 0) return std::nullopt;
  double left = random.uniform() * sum;
  std::size_t last = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    left -= weights[i];
    if (left < 0) break;
  }
  return members[last].number;
}

// Half of the children go on from what is about the best, half from what is anywhere in the archive: most gains are steps from the best, ways out of
// a dead end are not. Failures are mostly equals, of which the older are nearer to the start: those are gone through evenly.
double greed_of(const Archive& archive, std::size_t island, Random& random) {
  if (archive.elites(island).empty()) return 0.25;
  return random.chance(0.5) ? 1.2 : 0.15;
}

// What can be gone on from: programs with a fitness, or, where there are none yet, the failures.
std::vector<Archive::Member> basis_of(const Archive& archive, std::size_t island) {
  std::vector<Archive::Member> out = archive.elites(island);
  return out.empty() ? archive.failures(island) : out;
}

}  // namespace

std::array<bool, kOperators> possible_operators(const Archive& archive, std::size_t island) {
  const std::size_t basis = basis_of(archive, island).size();
  std::array<bool, kOperators> out{};
  for (std::size_t i = 0; i < kOperators; ++i)
    out[i] = basis >= (needs_two(static_cast<Operator>(i)) ? 2U : 1U);
  return out;
}

std::optional<Parents> choose_parents(Operator which, const Archive& archive, std::size_t island,
                                      Random& random) {
  const std::vector<Archive::Member> basis = basis_of(archive, island);
  std::optional<std::size_t> first;
  if (which == Operator::revision) {
    // A failure as often as a weak one that passed.
    const std::vector<Archive::Member> failures = archive.failures(island);
    if (!failures.empty() && (archive.elites(island).empty() || random.chance(0.5))) {
      // Where some came nearer than others, these first: half of the time, as above.
      const bool nearer = failures.front().fitness > failures.back().fitness;
      const double greed = nearer && random.chance(0.5) ? 1.2 : 0.3;
      first = choose(failures, greed, std::nullopt, random);
    } else {
      first = choose(basis, 0, std::nullopt, random);
    }
  } else {
    first = choose(basis, which == Operator::refinement ? 1.0 : greed_of(archive, island, random),
                   std::nullopt, random);
  }
  if (!first) return std::nullopt;
  Parents out{.first = *first};
  if (!needs_two(which)) return out;
  out.second = choose(basis, greed_of(archive, island, random) / 2, first, random);
  if (!out.second) return std::nullopt;
  return out;
}

}  // namespace leyden::evolve
