#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/agents/qa/compiled/probes.h"
#include "leyden/agents/qa/compiled/schemata.h"
#include "leyden/agents/qa/driver_folder.h"
#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/project_copy.h"

namespace leyden::qa {

// What compiled languages have in common. A probe is built once for a file and reads its inputs (encoding.h), so that a batch costs a run and no
// compiler; a second one holds all mutants (schemata.h). Each language reads sources, builds these programs and writes tests.
//
// A request is text: mode, milliseconds a call may take, probes that were reached before, inputs (function, bytes, the encoded input), and for "mutants" each with
// its number and inputs. An answer is one JSON object a line: {loaded}, {input, outcome, ...}, {mutant, killer}, {done}; {ended} where a call
// took too much time, which its own line says, and the probe ends with it.
class CompiledToolchain : public Toolchain {
 public:
  [[nodiscard]] Result<std::vector<Mutant>> mutants(std::size_t per_function_max) const override;
  // The compiler sees to that.
  [[nodiscard]] bool fits(const Type&, const std::string&) const override { return true; }
  [[nodiscard]] Result<Exploration> explore(std::span<const Input> inputs, const Arcs& seen,
                                            std::stop_token stop) override;
  [[nodiscard]] Result<std::vector<Observation>> observe(std::span<const Input> inputs,
                                                         std::stop_token stop) override;
  // By a process of its own: hashes of identities and places in memory are others there.
  [[nodiscard]] Result<std::vector<std::size_t>> unrepeatable(std::span<const TestCase> cases,
                                                              std::stop_token stop) override;
  [[nodiscard]] Result<Kills> kill(std::span<const Mutant> mutants,
                                   const std::vector<std::vector<std::size_t>>& by_mutant,
                                   std::span<const TestCase> cases, std::stop_token stop) override;
  [[nodiscard]] Result<std::vector<WrongExample>> wrong_examples(std::stop_token) override {
    return std::vector<WrongExample>{};
  }

  // Five runs, and one that counts what it reaches.
  [[nodiscard]] Result<Judgement> judge(const SourceTest& test, std::stop_token stop) override;

  // Of a compiler's run, or of what it made.
  [[nodiscard]] static sandbox::SandboxLimits limits(std::chrono::milliseconds wall_time);

 protected:
  CompiledToolchain(const sandbox::Sandbox& sandbox, std::chrono::milliseconds call_time)
      : sandbox_(sandbox), call_time_(call_time) {}

  // An input as the probe reads it.
  [[nodiscard]] virtual std::string encoded_input(const Input& input) const = 0;
  // Of the target's text, as it was when `probed_` was made.
  [[nodiscard]] virtual syntax::Language language() const = 0;
  [[nodiscard]] virtual std::span<const BodySpan> bodies() const = 0;
  // A command that runs the probe, which reads kRequestFile and writes kAnswersFile.
  [[nodiscard]] virtual sandbox::SandboxCommand probe_command(bool of_mutants) const = 0;
  // The same, and its answers; for a language whose probe stays.
  // What runs it next is a new process; `elsewhere`: in another time zone.
  virtual void begin_anew(bool /*elsewhere*/) {}
  [[nodiscard]] virtual Result<std::vector<nlohmann::json>> run_probe(const std::string& request,
                                                                      bool of_mutants,
                                                                      const std::stop_token& stop);
  // Builds the program that holds these mutants; which of them did not compile.
  [[nodiscard]] virtual Result<std::vector<bool>> build_mutants(std::span<const Mutant> mutants,
                                                                const std::stop_token& stop) = 0;
  // Builds a program that holds these mutants, again and again, each time without those that the compiler's message names; which were left
  // out. `build` is given the text of the target and says what is wrong with it; `condition` as schemata_of() has it, with a place for the number.
  [[nodiscard]] Result<std::vector<bool>> valid_mutants(
      std::span<const Mutant> mutants, const std::string& target, std::string_view condition,
      const std::function<Result<std::string>(const std::string& text)>& build) const;
  // What a file of tests reaches in the target, by a run of its own.
  [[nodiscard]] virtual Result<Arcs> reached_by(const std::string& text,
                                                const std::stop_token& stop) = 0;
  // What an input's violent end says about the code; empty: nothing.
  [[nodiscard]] virtual std::string defect_of(const nlohmann::json& line,
                                              const Input& input) const = 0;

  const sandbox::Sandbox& sandbox_;
  std::chrono::milliseconds call_time_;
  std::string text_;  // Of the target.
  ProbedSource probed_;
  std::unique_ptr<sandbox::ProjectCopy> copy_;
  std::unique_ptr<DriverFolder> drivers_;

 private:
  [[nodiscard]] std::string request_for(const char* mode, const std::vector<std::size_t>& seen,
                                        std::span<const Input> inputs) const;
  [[nodiscard]] Arcs arcs_of(const nlohmann::json& reached) const;
  // `input`: the place of what was tried.
  void note(const nlohmann::json& line, const Input& tried, std::size_t input,
            Exploration& out) const;
  [[nodiscard]] Result<void> take_mutants(std::span<const Mutant> mutants,
                                          const std::stop_token& stop);
  [[nodiscard]] std::optional<std::size_t> number_of(const Mutant& mutant) const;

  std::map<std::size_t, std::size_t> ends_;  // Processes that inputs of a function ended.
  std::vector<Mutant> built_;                // In the program of mutants.
  std::vector<bool> invalid_;
};

}  // namespace leyden::qa
