#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/qa/model/test_writer.h"
#include "leyden/agents/qa/test_report.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

struct LineRange {
  std::size_t first = 1;
  std::size_t last = 1;
};

struct TestAgentOptions {
  std::string type = "unit";     // Of another one only a model's tests are made here.
  std::string function;          // Only this one: "f" or "Class.f"; empty: all.
  std::vector<LineRange> lines;  // Only functions that touch one of these; empty: all.
  std::size_t tests_max = 0;     // Of one file; 0: 20, and 5 for each function beyond the fourth.
  std::uint64_t seed = 1;
  std::chrono::milliseconds time_max{
      60'000};  // For finding inputs; what was found is finished after it.
  std::size_t rounds_max = 30;
  std::size_t mutant_rounds =
      4;  // Of inputs made for mutants that no other input tells from the original.
  std::size_t inputs_per_round = 250;  // For each function;
  std::size_t inputs_at_first = 250;   // in the first round, with which most are done.
  std::size_t mutants_per_function = 60;
  std::size_t repairs_max = 2;  // Of a model's test that fails, with what went wrong.
};

// Of these functions, in their order.
[[nodiscard]] std::vector<std::size_t> wanted_functions(std::span<const Function> functions,
                                                        const TestAgentOptions& options);

struct TestProgress {
  std::string stage;  // "searching", "mutants", "verifying"
  std::size_t done = 0;
  std::size_t total = 0;
};

// Makes tests of one file. With a `writer` a model is asked for tests of each function first; what is below makes the rest, and all of it where the model
// can't be asked. Inputs come from types, the source's constants and what earlier inputs reached; what they give is recorded
// as it is (characterization). Kept is what runs five times in a row, in any order and alone, and of that what reaches a line or branch that no
// earlier test reaches, or notices a mutant that none does. The same file, options and seed give the same tests, as long as the time does.
// Errors: those of the toolchain; not_found (no such function).
[[nodiscard]] Result<TestReport> make_tests(
    Toolchain& toolchain, const std::vector<Mutant>& mutants, TestWriter* writer,
    const TestAgentOptions& options, const std::function<void(const TestProgress&)>& on_progress,
    std::stop_token stop);

}  // namespace leyden::qa
