#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "leyden/sandbox/sandbox.h"

namespace leyden::evolve {

// How one run of the judge ended.
enum class Status {
  measured,    // It told a finite score, and that the program is right.
  not_passed,  // It told that the program is wrong.
  unreadable,  // What it told is no verdict: no line, two lines, a part, a score that is no finite number.
  failed,      // An exit other than 0.
  crashed,     // By a signal.
  timed_out,   // Wall or processor time.
  over_limit,  // Memory, files, disk.
  unfinished,  // The candidate's own run did not end well: the judge was not asked.
};
[[nodiscard]] std::string_view to_string(Status status);
[[nodiscard]] std::optional<Status> status_named(std::string_view name);

// What a judge said of one run.
struct Verdict {
  Status status = Status::unreadable;
  std::optional<double> score;  // As told. It is a fitness only where `status` is measured.
  std::string reason;           // Why it is not measured.
  std::string evidence;  // For whoever mends the program: artifacts, the end of standard error.
  std::map<std::string, double> metrics;  // Those that are finite numbers.
};

// The last line of standard output must be a JSON object {"score": number, "passed": bool, "metrics": {}, "artifacts": any}
// and the only one with a score: who finds two can't tell which of them the judge wrote. `exit` is the whole run's.
[[nodiscard]] Verdict verdict_of(const sandbox::SandboxExit& exit);

// Of a run that did not end with 0: which status, and why in words. nullopt: it did.
struct BadEnd {
  Status status = Status::failed;
  std::string reason;
};
[[nodiscard]] std::optional<BadEnd> bad_end_of(const sandbox::SandboxExit& exit,
                                               std::string_view who);

}  // namespace leyden::evolve
