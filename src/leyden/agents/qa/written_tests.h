#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/qa/input_search.h"
#include "leyden/agents/qa/mutant_scores.h"
#include "leyden/agents/qa/test_agent.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Tests that a model wrote. Each function is asked for, what fails is sent back with its evidence, and what is kept passes each time and reaches or notices something
// new. Confined to one thread. What it is made of outlives it.
class WrittenTests {
 public:
  struct Kept {
    SourceTest test;
    std::size_t function = 0;
    Arcs arcs;
  };

  // What a model is asked first about a function: its tests, in the light of what none of those that there are notices or reaches, in words.
  struct Question {
    std::size_t function = 0;
    std::vector<std::string> missing;
  };

  // `before`: what the project's own tests reach. `mutants` is told what each test notices.
  WrittenTests(Toolchain& toolchain, const TestAgentOptions& options, const InputSearch& search,
               const Arcs& before, MutantScores& mutants)
      : toolchain_(toolchain),
        functions_(toolchain.functions()),
        options_(options),
        search_(search),
        before_(before),
        mutants_(mutants) {}

  // Until so many are kept. What is not is told to `report`, and why the model was not asked any further, if it was not: that costs its tests, nothing else.
  [[nodiscard]] Result<void> ask(TestWriter& writer, std::span<const Question> questions,
                                 std::size_t tests_max, const std::function<void()>& on_question,
                                 TestReport& report, const std::stop_token& stop);

  [[nodiscard]] const std::vector<Kept>& kept() const { return kept_; }
  // Goals that they reach.
  [[nodiscard]] const Arcs& reached() const { return reached_; }
  [[nodiscard]] bool has_name(const std::string& name) const { return names_.contains(name); }
  // With the mutants that only these noticed.
  void drop(const std::function<bool(const Kept&)>& bad);

 private:
  [[nodiscard]] ModelWords words() const;
  [[nodiscard]] Result<std::string> take_answer(std::size_t function, const std::string& answer,
                                                TestReport& report, const std::stop_token& stop);
  [[nodiscard]] Result<std::string> judge_each(std::size_t function, std::vector<SourceTest> tests,
                                               std::vector<Kept>& good, TestReport& report,
                                               const std::stop_token& stop);
  [[nodiscard]] Result<bool> keep_useful(std::span<Kept> tests, TestReport& report,
                                         const std::stop_token& stop);
  [[nodiscard]] Result<std::optional<std::vector<std::vector<std::size_t>>>> noticed_by(
      std::span<const Kept> tests, const std::stop_token& stop);
  [[nodiscard]] std::vector<std::size_t> mutants_near(std::size_t function) const;
  void rename_apart(SourceTest& test) const;
  void rename_helpers_apart(std::vector<SourceTest>& tests) const;

  Toolchain& toolchain_;
  const std::vector<Function>& functions_;
  const TestAgentOptions& options_;
  const InputSearch& search_;
  const Arcs& before_;
  MutantScores& mutants_;
  std::size_t tests_max_ = 0;
  std::vector<Kept> kept_;
  Arcs reached_;
  std::set<std::string> names_;
  std::map<std::string, std::string> helpers_;  // What kept ones need, by what it defines.
};

}  // namespace leyden::qa
