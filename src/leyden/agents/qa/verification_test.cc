#include "leyden/agents/qa/verification.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "leyden/agents/qa/input_search.h"
#include "leyden/agents/qa/mutant_scores.h"

namespace leyden::qa {
namespace {

// Runs tests by name: one hangs, so that its runs end there, and so do all when the time of seven runs is up.
class Hanging final : public Toolchain {
 public:
  explicit Hanging(std::string culprit) : culprit_(std::move(culprit)) {
    Function one;
    one.name = "f";
    functions_.push_back(std::move(one));
  }
  const std::vector<Function>& functions() const override { return functions_; }
  std::string module() const override { return "m"; }
  std::string runner() const override { return "r"; }
  ModelWords words() const override { return {}; }
  Result<std::vector<Mutant>> mutants(std::size_t) const override { return std::vector<Mutant>{}; }
  bool fits(const Type&, const std::string&) const override { return true; }
  std::string test_name(const Function& of, bool, std::size_t number) const override {
    return of.name + std::to_string(number);
  }
  void rename(SourceTest& test, const std::string& name) const override { test.name = name; }
  Result<Exploration> explore(std::span<const Input>, const Arcs&, std::stop_token) override {
    return Exploration();
  }
  Result<std::vector<Observation>> observe(std::span<const Input>, std::stop_token) override {
    return std::vector<Observation>{};
  }
  Result<Kills> kill(std::span<const Mutant>, const std::vector<std::vector<std::size_t>>&,
                     std::span<const TestCase>, std::stop_token) override {
    return Kills();
  }
  Result<std::vector<WrongExample>> wrong_examples(std::stop_token) override {
    return std::vector<WrongExample>{};
  }
  Result<TestRuns> run_project(const std::string&, std::stop_token) override { return TestRuns(); }
  Result<std::vector<SourceTest>> read_tests(std::string_view) const override {
    return std::vector<SourceTest>{};
  }
  Result<Judgement> judge(const SourceTest&, std::stop_token) override { return Judgement(); }
  Result<std::optional<Kills>> kill_by_tests(std::span<const Mutant>,
                                             const std::vector<std::vector<std::size_t>>&,
                                             std::span<const SourceTest>,
                                             std::stop_token) override {
    return std::optional<Kills>();
  }
  std::string test_file(std::span<const TestCase> cases,
                        std::span<const SourceTest>) const override {
    std::string out;
    for (const TestCase& one : cases) out += one.name + " ";
    return out;
  }
  std::filesystem::path test_path() const override { return "m_test"; }
  Result<TestRuns> run_tests(const std::filesystem::path&, const std::string& text,
                             const TestRunOptions& options, std::stop_token) override {
    TestRuns out;
    std::vector<std::string> names;
    std::istringstream words(text);
    for (std::string name; words >> name;) names.push_back(name);
    bool hung = false;
    for (std::size_t run = 0; run <= options.shuffled; ++run) {
      for (const std::string& name : names) {
        if (name == culprit_) hung = true;
        if (name == culprit_) break;
        ++out.tests[name].runs;
        ++out.tests[name].passed;
      }
      std::ranges::rotate(names, names.begin() + 1);
    }
    if (hung) return out;  // No time is left for each alone.
    for (const std::string& name : names) {
      ++out.tests[name].runs;
      ++out.tests[name].passed;
    }
    return out;
  }

 private:
  std::string culprit_;
  std::vector<Function> functions_;
};

TEST(Verification, WhoHangsDoesNotCostTheOthers) {
  for (const char* culprit : {"f1", "f6", "f9", "none"}) {
    Hanging toolchain(culprit);
    const TestAgentOptions options;
    const InputSearch search(toolchain, options, {}, {});
    MutantScores scores;
    WrittenTests written(toolchain, options, search, {}, scores);
    std::vector<TestCase> candidates(9);
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      candidates[i].input.steps.push_back({.function = 0, .arguments = {}});
      chosen.push_back(i);
    }
    TestReport report;
    Verification verification(toolchain, options, candidates, chosen, written, report);
    ASSERT_TRUE(verification.run([] {}, {}));
    const bool none = std::string_view(culprit) == "none";
    // Those right behind it may go with it.
    EXPECT_GE(chosen.size(), none ? 9u : 5u) << culprit;
    EXPECT_EQ(report.test_text.find(std::string(culprit) + " "), std::string::npos);
  }
}

}  // namespace
}  // namespace leyden::qa
