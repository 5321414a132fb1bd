#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "leyden/agents/qa/model/test_writer.h"
#include "leyden/agents/qa/skeleton.h"
#include "leyden/agents/qa/suspected_defect.h"
#include "leyden/cache/cache_stats.h"

namespace leyden::qa {

struct KeptTest {
  std::string name;
  bool by_model = false;
  std::string function;       // "Stack.pop"
  std::size_t new_lines = 0;  // That no test before it reached.
  std::size_t new_branches = 0;
  std::size_t killed = 0;  // Mutants that no test before it told from the original.
  std::string note;        // What it holds on to, of other types than unit.
};

struct RejectedTest {
  std::string name;
  std::string function;
  std::string reason;
};

// A file of a folder or a change of which no test could be made.
struct SkippedFile {
  std::string file;
  std::string reason;
};

struct Coverage {
  std::size_t lines = 0;
  std::size_t lines_reached = 0;
  std::size_t branches = 0;
  std::size_t branches_reached = 0;
};

// What came of `leyden test` for one file.
struct TestReport {
  std::string file;
  std::string language;
  std::string test_type = "unit";
  std::string engine = "offline";
  std::string runner;  // "pytest 8.3.4 on Python 3.11.2"
  std::vector<KeptTest> tests;
  std::vector<RejectedTest> rejected;
  std::vector<std::string>
      rest_broken;  // Tests of the project that passed alone and fail beside the kept ones.
  std::vector<SuspectedDefect> suspected;
  std::vector<std::string> untested;        // Functions that got no test, with the reason.
  std::string test_path;                    // Relative to the project.
  std::string test_text;                    // Empty where no test was kept.
  std::map<std::string, std::string> data;  // Files beside it, by name.
  Coverage before;                          // By the project's own tests. Not measured: all 0.
  Coverage after;
  std::size_t mutants = 0;  // That compile.
  std::size_t mutants_killed = 0;
  std::vector<std::string> survivors;  // "line 12: < becomes <=": what no test notices.
  std::uint64_t inputs_tried = 0;
  std::uint64_t runs_verified = 0;
  // Candidates that could not be run, since the language's toolchain is not there: they are no tests and count for nothing.
  std::vector<SkeletonTest> unverified;
  std::string unverified_text;
  std::string why_unverified;
  std::string why_no_model;  // Where one was to be asked and could not be.
  std::optional<WriterCounts> model;
  std::optional<cache::CacheStats> cache_stats;
  std::map<std::string, double> stage_seconds;  // Of `seconds`, by TestProgress::stage.
  double seconds = 0;
};

}  // namespace leyden::qa
