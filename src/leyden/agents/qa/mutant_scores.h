#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "leyden/agents/qa/mutants.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// One of a model's tests, or of the candidates: by its place among these.
struct TestPlace {
  bool by_model = false;
  std::size_t index = 0;
  bool operator==(const TestPlace&) const = default;
};

// Which test noticed which mutant first. Confined to one thread.
class MutantScores {
 public:
  MutantScores() = default;
  explicit MutantScores(std::vector<Mutant> mutants);

  [[nodiscard]] std::size_t count() const { return mutants_.size(); }
  [[nodiscard]] const Mutant& operator[](std::size_t mutant) const { return mutants_[mutant]; }
  [[nodiscard]] bool is_invalid(std::size_t mutant) const { return invalid_[mutant]; }
  [[nodiscard]] const std::optional<TestPlace>& killer(std::size_t mutant) const {
    return killer_[mutant];
  }
  // Those that compile, as far as is known, and that nobody noticed.
  [[nodiscard]] std::vector<std::size_t> unnoticed() const;
  [[nodiscard]] std::size_t killed_by(const TestPlace& test) const;

  void note_killed(std::size_t mutant, const TestPlace& by) { killer_[mutant] = by; }
  void note_invalid(std::size_t mutant) { invalid_[mutant] = true; }
  void forget_candidates();
  // A model's test is taken out of their list: those behind it move up.
  void forget_of_model(std::size_t index);

 private:
  std::vector<Mutant> mutants_;
  std::vector<std::optional<TestPlace>> killer_;
  std::vector<bool> invalid_;
};

// The tests that may notice it, by what each reaches, 150 at most: who runs its line, in a helper who calls that; of one that runs when the file is loaded all.
[[nodiscard]] std::vector<std::size_t> tests_that_reach(const Mutant& mutant,
                                                        const Function& function,
                                                        const Goals& goals, const Arcs& loaded,
                                                        std::span<const Arcs* const> tests);

}  // namespace leyden::qa
