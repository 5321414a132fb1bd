#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/evaluation/evaluation.h"
#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::evolve {

struct EvaluatorOptions {
  std::filesystem::path project;  // The folder that commands are run in; copied, never written to.
  std::filesystem::path program;  // Of the candidate, relative to the project.
  std::vector<std::string> stages;  // Cheap commands first, each a judge of its own; may be empty.
  std::string judge;                // The last stage: its scores count.
  // Runs the candidate alone, in a sandbox of its own, before each judge, which then gets what it wrote as files. Empty: judges run
  // the candidate themselves.
  std::string run;
  std::vector<std::filesystem::path>
      shown;                // Files and folders of the project that `run` may read.
  std::size_t repeats = 1;  // Of the last stage.
  std::chrono::milliseconds timeout{10'000};  // Of each command.
  std::size_t memory_bytes = 1024 * MiB;
  Goal goal = Goal::max;
};

// Measures candidates with the user's commands, in the sandbox only. Commands are shell commands, run in the project, which is
// read-only, with the candidate in the program's place; {candidate} stands for its path. What they write goes to $TMPDIR, which no later run
// sees. With `run` the judge has {output}, {errors} and {result} too: files with what the candidate wrote, and {"seconds": s}, and "instructions" where {count} stands before the command that is to be counted; it never shares a
// process, a folder or a channel with it, and {candidate} is a file to it.
// Thread-safe.
class Evaluator {
 public:
  // Errors: invalid_argument, those of the copy.
  [[nodiscard]] static Result<std::unique_ptr<Evaluator>> open(const sandbox::Sandbox& sandbox,
                                                               EvaluatorOptions options,
                                                               const std::stop_token& stop);
  ~Evaluator();

  // Blocks. A candidate that fails is an evaluation, not an error. Errors: cancelled; the sandbox's.
  [[nodiscard]] Result<Evaluation> evaluate(std::string_view code,
                                            const std::stop_token& stop) const;

  // Of all that a score depends on but the candidate: commands, bounds, and the project's other files. Another one makes old scores void.
  [[nodiscard]] const Digest& digest() const;
  [[nodiscard]] const EvaluatorOptions& options() const;

 private:
  struct Parts;
  explicit Evaluator(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace leyden::evolve
