#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/qa/input_maker.h"
#include "leyden/agents/qa/test_agent.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Looks for inputs that reach what none before them did, in rounds: borders and random ones first, then also variations of those that were worth it.
// Confined to one thread. What it is made of outlives it.
class InputSearch {
 public:
  // `wanted`: the functions that tests are to reach, in order.
  InputSearch(Toolchain& toolchain, const TestAgentOptions& options,
              const std::vector<std::size_t>& wanted,
              std::chrono::steady_clock::time_point deadline);

  struct Listener {
    std::function<void(std::size_t round)> on_round;
    // A call that its types allow ran into a name that is not there.
    std::function<void(std::size_t function, const std::string& message)> on_broken_name;
  };
  // Through all that can be called; then what nothing of that reached and is only for such a case.
  [[nodiscard]] Result<void> run(const Listener& listener, const std::stop_token& stop);

  // Runs variations of these inputs and gives those that answered quickly.
  [[nodiscard]] Result<std::vector<Input>> run_varied(std::vector<Input> made,
                                                      const std::stop_token& stop);

  // Those that reached something first, and spare ones that may tell mutants apart.
  [[nodiscard]] std::vector<Input> found() const;
  [[nodiscard]] bool reached_something(const Input& input) const;
  // How many spare ones are kept of a function.
  [[nodiscard]] std::size_t spare_max() const;

  [[nodiscard]] bool is_wanted(std::int64_t line) const;
  // Those of the goals that are asked for, lines as arcs to themselves.
  [[nodiscard]] Arcs goals_among(const Arcs& arcs) const;
  [[nodiscard]] const Goals& goals() const { return goals_; }
  [[nodiscard]] const Arcs& loaded() const { return loaded_; }
  [[nodiscard]] std::size_t tried() const { return tried_; }
  [[nodiscard]] InputMaker& maker() { return maker_; }

 private:
  void find_callers();
  [[nodiscard]] bool is_worth_trying(std::size_t function, std::size_t quiet) const;
  [[nodiscard]] Result<void> direct(const std::vector<std::size_t>& functions,
                                    const std::stop_token& stop);
  [[nodiscard]] std::vector<std::size_t> last_resorts() const;
  void add_inputs(std::size_t function, std::size_t round, std::vector<Input>& batch);
  [[nodiscard]] Result<void> run_through(const std::vector<std::size_t>& callers,
                                         const Listener& listener, const std::stop_token& stop);

  Toolchain& toolchain_;
  const std::vector<Function>& functions_;
  const TestAgentOptions& options_;
  const std::vector<std::size_t>& wanted_;
  std::chrono::steady_clock::time_point deadline_;
  InputMaker maker_;
  std::vector<std::size_t> callers_;  // Those that are called.
  bool only_wanted_goals_ = false;    // What callers reach elsewhere is not asked for.
  Goals goals_;
  Arcs loaded_;
  Arcs reached_;
  std::map<std::size_t, std::vector<Input>> useful_;  // By function: each reached something first.
  std::map<std::size_t, std::vector<Input>> spare_;
  std::map<std::size_t, std::vector<Input>> unasked_;   // With what their texts are compared.
  std::map<std::size_t, std::vector<Input>> directed_;  // By that: for the next round.
  std::set<std::size_t> with_value_;                    // Functions of which some call came to one.
  std::size_t tried_ = 0;
};

}  // namespace leyden::qa
