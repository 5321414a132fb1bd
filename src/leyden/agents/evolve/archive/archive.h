#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/archive/trajectory.h"

namespace leyden::evolve {

struct ArchiveOptions {
  std::size_t islands = 2;
  std::size_t capacity = 100;       // Programs with a fitness, over all islands. A hard cap.
  std::size_t failures_kept = 24;   // On each island.
  std::size_t migration_every = 8;  // Generations.
  Goal goal = Goal::max;
};

// A cell of MAP-Elites (Mouret and Clune, arXiv 1504.04909): how large a program is, how far from the start, and whether it is slow: else one that takes all of its time for a little more
// would drive out what can still be gone on from.
struct Cell {
  std::size_t size = 0;      // Of the code against the start's, in steps of a quarter.
  std::size_t distance = 0;  // Tenths of token shingles that it does not share with the start.
  bool is_slow = false;      // As is_slow() has it.
  auto operator<=>(const Cell&) const = default;
};

// Which programs are worth going on from: of each cell of each island the best, and the failures that came nearest.
// It holds numbers of trajectories. Its state follows from what was added, in that order. Confined to one thread.
class Archive {
 public:
  Archive(ArchiveOptions options, std::string_view start_code);

  // `trajectory` is evaluated, and its number not yet added. What no operator made, the start above all, is on every island.
  void add(const Trajectory& trajectory);
  // At the end of each generation: each island's best goes to the next.
  void end_generation(std::size_t generation);

  struct Member {
    std::size_t number = 0;
    double fitness =
        0;  // Of a failure: what its judge told, less than any other where it told nothing.
    bool is_slow = false;
    std::size_t children = 0;  // That were proposed from it.
    auto operator<=>(const Member&) const = default;
  };
  // Best first; of equals the older one.
  [[nodiscard]] std::vector<Member> elites(std::size_t island) const;
  [[nodiscard]] std::vector<Member> failures(std::size_t island) const;
  void count_child(std::size_t number) { ++children_[number]; }
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] const ArchiveOptions& options() const { return options_; }
  // How far a code is from the start, 0 to 1.
  [[nodiscard]] double distance(std::string_view code) const;

  void add_to(Hasher& hasher) const;

 private:
  struct Island {
    std::map<Cell, Member> cells;
    std::vector<Member> failures;
  };
  [[nodiscard]] Cell cell_of(const Trajectory& trajectory) const;
  void add_to_island(Island& island, const Trajectory& trajectory);
  void keep_capacity();

  ArchiveOptions options_;
  std::size_t start_bytes_;
  std::set<std::size_t> start_shingles_;
  std::vector<Island> islands_;
  std::map<std::size_t, std::size_t> children_;
};

}  // namespace leyden::evolve
