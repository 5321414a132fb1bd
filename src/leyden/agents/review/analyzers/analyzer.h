#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/review/review.h"

namespace leyden::review {

// A program of others that finds things, and how it is asked. Its findings are told under its own name: "bandit.B608".
struct Analyzer {
  std::string_view name;
  std::string_view program;  // Looked up in PATH.
  // Behind the program; "{out}" is a file that its report goes to, "{files}" the files, each an argument. Without "{out}" its output is the report.
  std::vector<std::string_view> arguments;
  enum class Output : std::uint8_t {
    sarif,
    bandit_json,
    eslint_json,
    clippy_json,
    tabs,
    gcc_lines
  } output{};
  std::vector<syntax::Language> languages;
  // By itself where it is installed. Not those that run code of the project (its configuration, its build) or take minutes: they are
  // to be named.
  bool automatic = false;
  std::string_view needs;  // A file in the folder without which it can do nothing; empty: none.
};

// All that are known, by name.
[[nodiscard]] std::span<const Analyzer> known_analyzers();
[[nodiscard]] const Analyzer* analyzer_named(std::string_view name);

// An analyzer's report as findings, paths as they are in it, relative to `folder` where they lie in it; without fingerprints. What it says of no line is
// left out. Errors: corrupt: it is not what it should be.
[[nodiscard]] Result<std::vector<Finding>> read_analyzer_report(
    const Analyzer& analyzer, std::string_view report, const std::filesystem::path& folder);

// Joins an analyzer's findings with the report's. Only those count whose file was reviewed and holds their line; what is already told (the
// same line, the same weakness) is not told again, but named in that finding's `engine`: "rules+bandit". Columns are taken from the file's text: the
// line without the blanks around it where the analyzer names none. `texts` gives what was reviewed; `severity_min` leaves out what is below.
struct ReviewedText {
  std::string path;
  std::string text;
  std::vector<LineSpan> only;  // Where `all` is false.
  bool all = true;
};
void merge_findings(const std::vector<Finding>& found, const std::vector<ReviewedText>& texts,
                    Severity severity_min, std::string_view today, ReviewReport& report);

}  // namespace leyden::review
