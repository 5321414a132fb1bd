#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/syntax/language.h"

namespace leyden::review {

// What harm a finding does where it is right:
// critical: who may only send input runs code, reads what is not theirs, or there is a live key in the code;
// high: the same under a condition that is common, memory is corrupted, or data is lost;
// medium: a weakness that needs another one to do harm, a resource that is lost for each call, work that grows with the square of its input;
// low: what makes the next change dearer or slower.
enum class Severity : std::uint8_t { low, medium, high, critical };
[[nodiscard]] std::string_view to_string(Severity severity);
[[nodiscard]] std::optional<Severity> severity_named(std::string_view name);

enum class ReviewType : std::uint8_t { security, performance, style };
[[nodiscard]] std::string_view to_string(ReviewType type);
[[nodiscard]] std::optional<ReviewType> review_type_named(std::string_view name);

// How likely it is right.
enum class Confidence : std::uint8_t { low, medium, high };
[[nodiscard]] std::string_view to_string(Confidence confidence);
[[nodiscard]] std::optional<Confidence> confidence_named(std::string_view name);

// Bytes [begin, end) of a file. Lines and columns count from 1; columns are Unicode code points, and the last one is the one behind the end.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t first_line = 1;
  std::size_t first_column = 1;
  std::size_t last_line = 1;
  std::size_t last_column = 1;
  bool operator==(const Range&) const = default;
};

// Replaces a part of the file.
struct Edit {
  Range range;
  std::string text;
  bool operator==(const Edit&) const = default;
};

struct Finding {
  std::string rule;  // "python.sql-injection"; of an analyzer "bandit.B608".
  ReviewType type{};
  Severity severity{};
  Confidence confidence{};
  int cwe = 0;  // Of MITRE's list; 0: none.
  std::string file;
  syntax::Language language{};
  Range range;
  std::string message;          // What is wrong here, one or two sentences.
  std::string advice;           // What to do.
  std::string evidence;         // The range's text, at most kEvidenceBytes of it.
  std::optional<Range> source;  // Where what flows into the range comes from.
  std::vector<Edit> fix;        // Empty: none is offered.
  std::string fingerprint;      // The same for the same finding after edits elsewhere.
  std::string engine = "rules";
};

inline constexpr std::size_t kEvidenceBytes = 400;

// By file, place and rule: the order of every report.
void sort_by_place(std::vector<Finding>& findings);

}  // namespace leyden::review
