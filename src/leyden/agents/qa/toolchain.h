#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/agents/qa/comparison.h"
#include "leyden/agents/qa/function.h"
#include "leyden/agents/qa/mutants.h"
#include "leyden/agents/qa/typed_tests.h"
#include "leyden/base/result.h"

namespace leyden::qa {

// From a line to the next one that runs; a negative one is where a function is entered or left.
using Arc = std::pair<std::int64_t, std::int64_t>;
using Arcs = std::set<Arc>;

// What could be reached in a file.
struct Goals {
  std::set<std::int64_t> lines;
  Arcs branches;  // From lines that can be left two ways.
};

struct Exploration {
  Goals goals;
  Arcs loaded;                     // By loading the file.
  Arcs reached;                    // By all that ran, with that.
  std::vector<std::size_t> fresh;  // Inputs that reached something first, and gave an answer.
  // Inputs that gave an answer and took little time: worth a closer look.
  std::vector<std::size_t> quick;
  std::vector<std::size_t> values;  // Inputs that came to a value, where types are guessed.
  // Inputs that came further than others before an error that the file does not raise itself ended them: what varies them may come through.
  std::vector<std::size_t> near;
  std::size_t tried = 0;
  std::size_t errors = 0;  // Ended with an error that the file does not raise itself.
  std::size_t timed_out = 0;
  std::vector<std::string> patterns;  // Regular expressions that the file made while it ran.
  // Inputs that ran into a name that is not there: no input may do that.
  std::vector<std::pair<std::size_t, std::string>> broken_names;
};

// What an input gives, as a test can say it.
struct Observation {
  enum class Outcome : std::uint8_t { value, error, unsayable, timed_out, broken };
  Outcome outcome = Outcome::broken;
  bool stable = false;  // The same, twice.
  // How `text` is compared: "value", "nan", "items", "repr", "type", "matches".
  std::string form;
  std::string text;   // Source text of what is expected; a regular expression (common_pattern()).
  std::string kind;   // The result's type.
  std::string error;  // The error's class, and where that is defined.
  std::string error_module;
  std::size_t raised_line =
      0;  // Of the file's own raise statement; 0: the error comes from elsewhere.
  std::map<std::string, std::string> changed;   // Arguments, by name, that the call changed.
  std::map<std::string, std::string> state;     // The object's attributes afterwards.
  std::map<std::string, std::string> fields{};  // The same of the result, where it is an object.
  std::vector<std::string> names{};  // That the texts of what is expected use, of the module.
  bool seeded = false;               // With another seed of random numbers it is another one.
  std::string printed;               // Source text of what it printed.
  double ms = 0;                     // Processor time of the call.
  bool awaited = false;              // The call gave something to await.
  bool began = true;                 // What comes before the call went well.
  Arcs arcs;
  std::string told;  // All of it, as mutants are compared with it.
};

struct TestCase {
  std::string name;
  Input input;
  Observation expected;
  std::size_t function() const { return input.function(); }
};

// A test as somebody wrote it: a model, a person.
struct SourceTest {
  std::string name;
  std::string text;                  // The whole function.
  std::vector<std::string> imports;  // Statements that it needs; each may be needed by others.
  std::vector<std::string> support;  // What else its file defines, piece by piece.
};

struct Judgement {
  bool good = false;   // It passed every run.
  std::string reason;  // Why not, with the evidence that helps to repair it.
  Arcs arcs;           // What it reaches in the file.
};

struct TestRuns {
  struct Test {
    std::size_t runs = 0;
    std::size_t passed = 0;
    std::string failure;  // Of the first run that failed.
  };
  std::map<std::string, Test> tests;  // By the name that the runner gives: "test_f_1".
  std::size_t broken_runs = 0;        // That ended without an answer.
  std::string trouble;                // What the runner says where no test could be collected.
  Arcs reached;                       // In the measured file, by the first run.
};

// An example in a docstring that gives something else than it says.
struct WrongExample {
  std::string function;
  std::size_t line = 0;
  std::string call;
  std::string said;
  std::string got;
};

// What a model is told about a language.
struct ModelWords {
  std::string language;  // "Python"
  std::string fence;     // "python"
  std::string runner;    // "pytest"
  std::string import;    // Of a name from the module: "from shop import {}".
  std::string type{};    // Of the tests; empty: unit.
};

struct TestRunOptions {
  std::map<std::string, std::string> data;  // Files beside the test's, by name.
  std::chrono::seconds run_time{20};        // Of one run.
  std::size_t shuffled = 5;
  bool alone = true;
  std::uint64_t seed = 1;
  bool measure = false;
};

// What one language needs so that its files can be tested. Everything of the project that runs, runs in the sandbox. One thread at a time.
class Toolchain {
 public:
  virtual ~Toolchain() = default;

  // Tells it which type its tests are of, before the first runs: end-to-end tests start whole programs.
  virtual void expect_type(const std::string& type) { static_cast<void>(type); }

  [[nodiscard]] virtual const std::vector<Function>& functions() const = 0;
  // What may come before the last call.
  [[nodiscard]] virtual Stories stories() const { return {}; }
  // What the source is imported as: "package.module".
  [[nodiscard]] virtual std::string module() const = 0;
  // "pytest 8.3.4": what runs the tests.
  [[nodiscard]] virtual std::string runner() const = 0;
  // How a model is told to write tests in this language.
  [[nodiscard]] virtual ModelWords words() const = 0;
  // At most so many of each function; positions are bytes of the file.
  [[nodiscard]] virtual Result<std::vector<Mutant>> mutants(std::size_t per_function_max) const = 0;
  // Whether a result of this kind is what the source says that a function gives; true where that leaves a doubt.
  [[nodiscard]] virtual bool fits(const Type& type, const std::string& kind) const = 0;
  // What the test number `number` of a function is called.
  [[nodiscard]] virtual std::string test_name(const Function& function, bool expects_error,
                                              std::size_t number) const = 0;
  virtual void rename(SourceTest& test, const std::string& name) const = 0;

  // Runs inputs; `seen` was reached before. Errors: cancelled, unavailable (the file can't be loaded: says why), timed_out.
  [[nodiscard]] virtual Result<Exploration> explore(std::span<const Input> inputs, const Arcs& seen,
                                                    std::stop_token stop) = 0;
  // With what the texts of each input are compared on its way, the likeliest first; nothing where the language can't tell. Errors: as explore().
  [[nodiscard]] virtual Result<std::vector<std::vector<Comparison>>> comparisons(
      std::span<const Input> inputs, std::stop_token /*stop*/) {
    return std::vector<std::vector<Comparison>>(inputs.size());
  }
  [[nodiscard]] virtual Result<std::vector<Observation>> observe(std::span<const Input> inputs,
                                                                 std::stop_token stop) = 0;
  // For each mutant the first that tells it from the original of the cases that `by_mutant` names; nullopt: none does. Mutants that do not compile are told as
  // killed by none and noted in `invalid`.
  struct Kills {
    std::vector<std::optional<std::size_t>> killer;
    std::vector<bool> invalid;
  };
  [[nodiscard]] virtual Result<Kills> kill(std::span<const Mutant> mutants,
                                           const std::vector<std::vector<std::size_t>>& by_mutant,
                                           std::span<const TestCase> cases,
                                           std::stop_token stop) = 0;

  // Those that give something else where what may differ between two processes does: the seed of hashes.
  [[nodiscard]] virtual Result<std::vector<std::size_t>> unrepeatable(
      std::span<const TestCase> /*cases*/, std::stop_token /*stop*/) {
    return std::vector<std::size_t>{};
  }

  // Errors as explore().
  [[nodiscard]] virtual Result<std::vector<WrongExample>> wrong_examples(std::stop_token stop) = 0;

  // The project's own tests, as they are; with `text` as one more file, if it is not empty. No tests: an empty answer.
  [[nodiscard]] virtual Result<TestRuns> run_project(const std::string& text,
                                                     std::stop_token stop) = 0;

  // The tests in a model's answer. Errors: invalid_argument (there is none, or it does not parse: says which).
  [[nodiscard]] virtual Result<std::vector<SourceTest>> read_tests(
      std::string_view answer) const = 0;
  // Runs one alone again and again. Errors: cancelled, unavailable.
  [[nodiscard]] virtual Result<Judgement> judge(const SourceTest& test, std::stop_token stop) = 0;
  // As kill(), by tests that each pass alone and stand in one file here; nothing: together they do not pass.
  [[nodiscard]] virtual Result<std::optional<Kills>> kill_by_tests(
      std::span<const Mutant> mutants, const std::vector<std::vector<std::size_t>>& by_mutant,
      std::span<const SourceTest> tests, std::stop_token stop) = 0;

  // Tests of these functions of another type than unit: "security" ... Errors: unsupported (this language has none of that type), as
  // explore().
  [[nodiscard]] virtual Result<TypedTests> typed_tests(const std::string& type,
                                                       const std::vector<std::size_t>& /*wanted*/,
                                                       std::uint64_t /*seed*/,
                                                       std::stop_token /*stop*/) {
    return fail(Errc::unsupported,
                "{} tests of {} are not made without a model: give --model or --server", type,
                words().language);
  }

  // The text of a file with these tests.
  [[nodiscard]] virtual std::string test_file(std::span<const TestCase> cases,
                                              std::span<const SourceTest> written) const = 0;
  // Where the project keeps such a file, relative to its root.
  [[nodiscard]] virtual std::filesystem::path test_path() const = 0;
  [[nodiscard]] virtual Result<TestRuns> run_tests(const std::filesystem::path& path,
                                                   const std::string& text,
                                                   const TestRunOptions& options,
                                                   std::stop_token stop) = 0;
};

}  // namespace leyden::qa
