// Each of the five operators is needed: for each a task that is solved with all of them and not without it. Whole programs are judged by their text, in
// this process, so that many seeds can be tried; all else is as in a run.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "leyden/agents/evolve/operators/line_mix.h"
#include "leyden/agents/evolve/testing/search.h"

namespace leyden::evolve {
namespace {

Evaluation measured(double score, std::string evidence = {}) {
  return {.status = Status::measured, .evidence = std::move(evidence), .samples = {score}};
}
Evaluation failed(std::optional<double> told, std::string evidence) {
  return {.status = Status::not_passed, .evidence = std::move(evidence), .told = told};
}

// Three of 200 functions give their arguments in the wrong order. The tests stop at the first that is wrong and name its line; elsewhere there is nothing to be found.
constexpr std::size_t kFunctions = 200;
SearchTask one_line_of_many() {
  std::string start;
  for (std::size_t i = 0; i < kFunctions; ++i)
    start += fmt::format("def f{0}(a, b):\n    return g{0}({1})\n\n\n", i,
                         i % 80 == 17 ? "b, a" : "a, b");
  return {
      .name = "one line of many",
      .starts = {start},
      .judge =
          [](const std::string& code) {
            const auto lines = lines_of(code);
            for (std::size_t i = 0; i < kFunctions; ++i) {
              const std::size_t line = 4 * i + 1;
              if (line >= lines.size() || lines[line] != fmt::format("    return g{}(a, b)\n", i))
                return failed(static_cast<double>(i),
                              fmt::format("File \"program.py\", line {}, in f{}", line + 1, i));
            }
            return measured(kFunctions);
          },
      .target = kFunctions,
      .scenario = "repair"};
}

// Two programs that have each found one of two tricks, which are of several statements and work only as a whole. What they are written in can't be made up.
constexpr std::string_view kSlowRead = "    text = open(path).read()\n    rows = text.split()\n";
constexpr std::string_view kFastRead =
    "    file = mapped(path)\n    size = file.size()\n    rows = file.slices(size)\n    "
    "file.close()\n";
constexpr std::string_view kSlowSum = "    for row in rows:\n        total = total + int(row)\n";
constexpr std::string_view kFastSum =
    "    table = packed(rows)\n    table.align(64)\n    parts = table.blocks()\n    lanes = "
    "[vector.sum(part) for part in parts]\n"
    "    table.close()\n    total = vector.total(lanes)\n";
SearchTask two_tricks() {
  const auto program = [](std::string_view read, std::string_view sum) {
    return fmt::format(
        "def job(path):\n    total = 0\n{}    rows.sort()\n    log(rows)\n{}    return total\n",
        read, sum);
  };
  return {.name = "two tricks of two programs",
          .starts = {program(kSlowRead, kSlowSum), program(kFastRead, kSlowSum),
                     program(kSlowRead, kFastSum)},
          .judge =
              [program](const std::string& code) {
                const std::string_view reads[] = {kSlowRead, kFastRead};
                const std::string_view sums[] = {kSlowSum, kFastSum};
                for (const int read : {0, 1}) {
                  for (const int sum : {0, 1}) {
                    if (code == program(reads[read], sums[sum])) return measured(read + sum);
                  }
                }
                return failed(std::nullopt, "program.py:3: wrong");
              },
          .target = 2,
          .scenario = "speed"};
}

// Ten weights of a program in which all else is right, and must stay as it is.
constexpr std::string_view kWeights = R"(def predict(x, deep):
    w = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    total = 0.0
    for i in range(len(x)):
        if x[i] < total and not deep:
            total = total - x[i]
        total = total + dot(w, x[i], deep)
    ready = True
    return clamp(total, ready)
)";
SearchTask ten_weights() {
  return {.name = "ten weights",
          .starts = {std::string(kWeights)},
          .judge =
              [](const std::string& code) {
                const auto parsed = Program::parse(syntax::Language::python, code);
                const auto start = Program::parse(syntax::Language::python, std::string(kWeights));
                if (skeleton_of(*parsed) != skeleton_of(*start))
                  return failed(std::nullopt, "wrong answers");
                double error = 0;
                const auto constants = constants_of(*parsed);
                for (std::size_t i = 0; i < 10; ++i) {
                  const double wanted = 1 + 0.4 * std::sin(static_cast<double>(3 * i + 1));
                  error += (constants[i].value - wanted) * (constants[i].value - wanted);
                }
                return measured(-error);
              },
          .target = -0.2,
          .scenario = "numeric"};
}

// The piece that is wanted in `rank` stands in another program's `load`, where it is of no use.
constexpr std::string_view kPiece = "[key(row) for row in unique(rows) if row.live]";
SearchTask a_piece_elsewhere() {
  const auto program = [](std::string_view load, std::string_view rank) {
    return fmt::format("def load(rows):\n    return {}\n\n\ndef rank(rows):\n    return {}\n", load,
                       rank);
  };
  return {.name = "a piece that stands elsewhere",
          .starts = {program("rows", "[slow(row) for row in rows]"), program(kPiece, "rows")},
          .judge =
              [](const std::string& code) {
                const std::size_t rank = code.find("def rank(rows):\n");
                const std::string wanted = fmt::format("def rank(rows):\n    return {}\n", kPiece);
                return measured(code.starts_with("def load(rows):\n    return ") &&
                                rank != std::string::npos && code.substr(rank) == wanted);
              },
          .target = 1,
          .scenario = "general"};
}

// Eight steps in the wrong order. The profile names the line that reports, where nothing is to be gained.
constexpr std::string_view kReport = "    0.5,\n";
SearchTask an_order() {
  return {.name = "an order, while the evidence points elsewhere",
          .starts = {R"(report(
    # EVOLVE-BLOCK-START
    0.5,
    # EVOLVE-BLOCK-END
)


pipeline(
    # EVOLVE-BLOCK-START
    order(b(), a(), d(), c(), f(), e(), h(), g()),
    # EVOLVE-BLOCK-END
)
)"},
          .judge =
              [](const std::string& code) {
                if (code.find(kReport) == std::string::npos)
                  return failed(std::nullopt, "program.py:3: wrong");
                std::string steps;
                for (std::size_t i = code.find("order(") + 6; i + 2 < code.size(); ++i) {
                  if (code[i] >= 'a' && code[i] <= 'h' && code.substr(i + 1, 2) == "()")
                    steps += code[i];
                }
                if (std::set<char>(steps.begin(), steps.end()).size() != 8 || steps.size() != 8)
                  return failed(std::nullopt, "program.py:3: a step is missing");
                double inversions = 0;
                for (std::size_t i = 0; i < steps.size(); ++i)
                  inversions += static_cast<double>(
                      std::count_if(steps.begin() + static_cast<std::ptrdiff_t>(i), steps.end(),
                                    [&](char later) { return later < steps[i]; }));
                return measured(0 - inversions, "program.py:3: slow");
              },
          .target = 0,
          .scenario = "general"};
}

struct Needed {
  Operator which{};
  SearchTask task;
};

class OperatorsNeeded : public ::testing::TestWithParam<Needed> {};

// LEYDEN_EVOLVE_SEEDS=5 for the whole proof on the seeds that the tasks were made with; one in twelve of others is not solved in 200.
TEST_P(OperatorsNeeded, SolvedWithAllAndNotWithoutIt) {
  const auto& [which, task] = GetParam();
  std::vector<Operator> others;
  for (std::size_t i = 0; i < kOperators; ++i) {
    if (static_cast<Operator>(i) != which) others.push_back(static_cast<Operator>(i));
  }
  const std::vector<std::uint64_t> seeds = seeds_wanted(1);
  std::vector<std::size_t> solved;
  std::size_t needed = 0;
  std::string unsolved;
  for (const std::uint64_t seed : seeds) {
    const auto after = search(task, {}, seed, 200).solved_after;
    if (after) solved.push_back(*after);
    if (!after) unsolved += fmt::format(" {}", seed);
    needed += search(task, others, seed, 1000).solved_after ? 0 : 1;
  }
  std::ranges::sort(solved);
  fmt::print(
      "{}, {}: of {} seeds solved in 200 evaluations with all: {} (median {}), unsolved:{}; not in "
      "1,000 without it: {}\n",
      to_string(which), task.name, seeds.size(), solved.size(),
      solved.empty() ? 0 : solved[solved.size() / 2], unsolved.empty() ? " none" : unsolved,
      needed);
  EXPECT_EQ(solved.size(), seeds.size()) << unsolved;
  EXPECT_EQ(needed, seeds.size());
}
INSTANTIATE_TEST_SUITE_P(Five, OperatorsNeeded,
                         ::testing::Values(Needed{Operator::revision, one_line_of_many()},
                                           Needed{Operator::recombination, two_tricks()},
                                           Needed{Operator::refinement, ten_weights()},
                                           Needed{Operator::crossover, a_piece_elsewhere()},
                                           Needed{Operator::mutation, an_order()}),
                         [](const auto& instance) {
                           return std::string(to_string(instance.param.which));
                         });

}  // namespace
}  // namespace leyden::evolve
