#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/agents/qa/doc_example.h"
#include "leyden/agents/qa/driver_folder.h"
#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/project_copy.h"
#include "leyden/sandbox/sandbox.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

inline constexpr const char* kProject = "/project";  // The project's copy, inside the sandbox.

// A toolchain of a language whose interpreter runs a driver of ours in the sandbox: inputs, mutants and tests go to it as a request, what came of
// them is read line by line. A language adds what differs: how its source is read, how values and tests are written, and how its
// driver is started. docs/formats/qa_driver.md has the request and the answers.
class ScriptToolchain : public Toolchain {
 public:
  void expect_type(const std::string& type) override { starts_programs_ = type == "e2e"; }
  const std::vector<Function>& functions() const final { return functions_; }
  std::string runner() const final { return runner_; }
  std::filesystem::path test_path() const final { return test_path_; }
  Result<std::vector<Mutant>> mutants(std::size_t per_function_max) const final;

  Result<Exploration> explore(std::span<const Input> inputs, const Arcs& seen,
                              std::stop_token stop) final;
  Result<std::vector<std::vector<Comparison>>> comparisons(std::span<const Input> inputs,
                                                           std::stop_token stop) override;
  Result<std::vector<Observation>> observe(std::span<const Input> inputs,
                                           std::stop_token stop) final;
  Result<Kills> kill(std::span<const Mutant> mutants,
                     const std::vector<std::vector<std::size_t>>& by_mutant,
                     std::span<const TestCase> cases, std::stop_token stop) final;
  Result<std::vector<WrongExample>> wrong_examples(std::stop_token stop) final;
  Result<TestRuns> run_project(const std::string& text, std::stop_token stop) final;
  Result<Judgement> judge(const SourceTest& test, std::stop_token stop) final;
  Result<std::optional<Kills>> kill_by_tests(std::span<const Mutant> mutants,
                                             const std::vector<std::vector<std::size_t>>& by_mutant,
                                             std::span<const SourceTest> tests,
                                             std::stop_token stop) final;
  Result<TestRuns> run_tests(const std::filesystem::path& path, const std::string& text,
                             const TestRunOptions& options, std::stop_token stop) final;

 protected:
  using Json = nlohmann::json;

  // Runs of a file of tests; of the project's own where `file` is empty.
  struct TestJob {
    std::filesystem::path file;  // It is there, with this text.
    std::string_view text;
    std::size_t shuffled = 0;    // Behind the first run.
    bool alone = false;          // Then each test by itself.
    bool first_decides = false;  // Where the first run fails there are no others.
    std::uint64_t seed = 1;
    bool measure = false;  // What the first run reaches.
    std::span<const Mutant> mutants;
    std::chrono::milliseconds run_time{};  // Of one run.
  };

  ScriptToolchain(const sandbox::Sandbox& sandbox, std::chrono::milliseconds run_time_max)
      : sandbox_(sandbox), run_time_max_(run_time_max) {}

  // ---- What a language says.
  // Has the driver answer a request; its answers as far as it came.
  [[nodiscard]] virtual Result<std::vector<Json>> ask_driver(const Json& request,
                                                             const std::stop_token& stop) = 0;
  // All that the driver is told but the inputs. `mode`: explore, confirm, mutants, examples.
  [[nodiscard]] virtual Json request_for(std::string_view mode) const = 0;
  [[nodiscard]] virtual Json json_of_input(const Input& input) const = 0;
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> environment() const = 0;
  [[nodiscard]] virtual sandbox::SandboxLimits limits(std::chrono::milliseconds wall_time) const;
  // The same for what starts whole programs, browsers among them, if its tests do.
  [[nodiscard]] sandbox::SandboxLimits with_room(sandbox::SandboxLimits limits) const;
  [[nodiscard]] bool starts_programs() const { return starts_programs_; }
  // Lines as docs/formats/qa_driver.md has them.
  [[nodiscard]] virtual Result<std::vector<Json>> run_job(const TestJob& job,
                                                          const std::stop_token& stop) = 0;
  // Whether the driver can tell with what texts are compared.
  [[nodiscard]] virtual bool tells_comparisons() const { return false; }
  // The examples of the docs, for the driver; null: there are none.
  [[nodiscard]] virtual Json examples() const;
  // What a driver's probes mean. As they are: pairs, and goals that the driver tells.
  [[nodiscard]] virtual Arcs arcs_of(const Json& reached) const;
  [[nodiscard]] virtual Json json_of(const Arcs& arcs) const;
  [[nodiscard]] virtual Goals goals() const { return {}; }

  // ---- Steps of opening.
  // The file's own path and text. Errors: not_found, invalid_argument (not UTF-8).
  [[nodiscard]] Result<void> read_source(const std::filesystem::path& file);
  // What a test can call, and the helpers of that. Errors: invalid_argument (there is nothing: `what_is_missing` says what).
  [[nodiscard]] Result<void> take_functions(const syntax::Tree& tree,
                                            std::vector<Function> callable,
                                            std::string_view what_is_missing);
  // The copy, and the folder of drivers.
  [[nodiscard]] Result<void> copy_project(std::vector<std::string> leave_out,
                                          const std::stop_token& stop);
  // A folder of packages that is not copied is shown as it is, read-only; nothing where there is none.
  [[nodiscard]] Result<void> show_folder(const std::filesystem::path& relative);
  // Shows an interpreter that is not the system's, with all that it is made of.
  void mount_interpreter(const std::filesystem::path& interpreter);
  // What a command prints, without its last line's end. Errors: those of the sandbox; unsupported (it fails: with what it said).
  [[nodiscard]] Result<std::string> output_of(std::vector<std::string> argv,
                                              const std::stop_token& stop) const;
  // Files of the copy that `is_test` takes, but for the tested one; relative, sorted, at most kProjectTestsMax.
  [[nodiscard]] std::vector<std::string> files_in_copy(
      const std::function<bool(const std::filesystem::path&)>& is_test) const;

  [[nodiscard]] sandbox::SandboxCommand command_for(std::vector<std::string> argv) const;
  // Answers as far as a driver came.
  [[nodiscard]] Result<std::vector<Json>> run(std::vector<std::string> argv, const Json& request,
                                              std::chrono::milliseconds wall_time,
                                              const std::stop_token& stop);
  // With the inputs; of cases with what they gave, too.
  [[nodiscard]] Json request_with(std::string_view mode, std::span<const Input> inputs) const;
  [[nodiscard]] Json request_with(std::string_view mode, std::span<const TestCase> cases) const;
  // What runs of tests are asked for, as far as all languages are told alike.
  [[nodiscard]] Json request_of(const TestJob& job) const;
  [[nodiscard]] static Json json_of_mutants(std::span<const Mutant> mutants);

  const sandbox::Sandbox& sandbox_;
  std::chrono::milliseconds run_time_max_;  // Of one run of the driver.
  std::filesystem::path file_;
  std::string text_;
  syntax::Language language_{};  // Of the text.
  std::vector<Function> functions_;
  std::vector<DocExample> examples_;
  std::filesystem::path root_;
  std::string inside_file_;
  std::filesystem::path test_path_;
  std::string runner_;
  std::vector<sandbox::SandboxMount> mounts_;
  std::vector<sandbox::SandboxMount> mounts_in_project_;
  std::vector<std::string> project_tests_;  // Of the project, relative.
  std::unique_ptr<sandbox::ProjectCopy> copy_;
  std::unique_ptr<DriverFolder> drivers_;

 private:
  // Asks the driver. Errors: also unavailable, where the file can't be loaded.
  [[nodiscard]] Result<std::vector<Json>> answers_of_driver(const Json& request,
                                                            const std::stop_token& stop);
  void note(const Json& line, std::size_t input, Exploration& out) const;
  [[nodiscard]] Judgement judgement_of(const std::vector<Json>& lines,
                                       const std::string& name) const;
  [[nodiscard]] Result<TestRuns> runs_of(const std::vector<Json>& lines) const;
  [[nodiscard]] std::chrono::milliseconds judged_run_time() const;
  // With the text in its place while it runs.
  [[nodiscard]] Result<std::vector<Json>> run_in_place(const std::filesystem::path& path,
                                                       const std::string& text, const TestJob& job,
                                                       const std::stop_token& stop);

  bool starts_programs_ = false;
  Json patience_ = Json::object();  // What the driver has left of it, by function.
  std::map<std::size_t, std::size_t>
      ends_;  // Processes that inputs of a function ended in searches.
};

}  // namespace leyden::qa
