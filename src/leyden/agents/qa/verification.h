#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/qa/test_agent.h"
#include "leyden/agents/qa/toolchain.h"
#include "leyden/agents/qa/written_tests.h"

namespace leyden::qa {

// The last step: the chosen tests and a model's stand in one file, in the source's order and with names, and that runs as the user will run it: once, five times shuffled,
// and each test alone. What does not pass each time goes, with its reason in the report. Who crashes takes others with it, so that these get another chance while some fail;
// who keeps the file from loading is found by halves. Confined to one thread; what it is given outlives it.
class Verification {
 public:
  // `chosen` are places among the candidates.
  Verification(Toolchain& toolchain, const TestAgentOptions& options,
               std::vector<TestCase>& candidates, std::vector<std::size_t>& chosen,
               WrittenTests& written, TestReport& report)
      : toolchain_(toolchain),
        options_(options),
        candidates_(candidates),
        chosen_(chosen),
        written_(written),
        report_(report) {}

  // The report has the file's text and the number of runs then. Errors: those of the toolchain.
  [[nodiscard]] Result<void> run(const std::function<void()>& on_round,
                                 const std::stop_token& stop);

 private:
  [[nodiscard]] std::size_t count() const { return chosen_.size() + written_.kept().size(); }
  void name_chosen();
  [[nodiscard]] std::vector<TestCase> cases_of(std::span<const std::size_t> candidates) const;
  void reject(const std::string& name, std::size_t function, std::string reason);
  // Whether another round may tell more.
  [[nodiscard]] Result<bool> run_once(std::size_t round, const std::stop_token& stop);
  [[nodiscard]] Result<std::size_t> drop_unloadable(const std::stop_token& stop);
  // Of all that are to be verified: how often the one was run that was run least.
  [[nodiscard]] std::size_t least_runs(const TestRuns& runs) const;
  void drop_failing(const TestRuns& runs, std::size_t round);

  Toolchain& toolchain_;
  const TestAgentOptions& options_;
  std::vector<TestCase>& candidates_;
  std::vector<std::size_t>& chosen_;
  WrittenTests& written_;
  TestReport& report_;
};

}  // namespace leyden::qa
