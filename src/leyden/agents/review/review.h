#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/review/finding.h"
#include "leyden/agents/review/rule.h"
#include "leyden/base/result.h"
#include "leyden/cache/cache_stats.h"

namespace leyden::review {

// Lines [first, last] of a file, from 1.
struct LineSpan {
  std::size_t first = 1;
  std::size_t last = 1;
  bool operator==(const LineSpan&) const = default;
};

// A file to review: where it is, or what it says.
struct ReviewInput {
  std::string path;                           // As it is told.
  std::filesystem::path file;                 // Read from here, unless
  std::optional<std::string> text;            // it is given.
  std::optional<std::vector<LineSpan>> only;  // What counts; nullopt: all of it.
};

struct SkippedInput {
  std::string path;
  std::string reason;
};

struct SuppressedFinding {
  Finding finding;
  std::string reason;  // As it was given in the source, or "baseline".
};

struct ReviewNote {  // About the review itself: an `ignore` that counts for nothing.
  std::string path;
  std::size_t line = 0;
  std::string text;
};

// What a model was asked and what came of it.
struct ModelReviewCounts {
  std::uint64_t calls = 0;
  std::uint64_t unreadable = 0;  // Answers without what was asked for.
  std::uint64_t failed = 0;      // Calls that the server did not answer.
  std::uint64_t not_asked = 0;   // Questions left out, because the budget was spent.
  std::uint64_t proposed = 0;
  std::uint64_t accepted = 0;
  std::uint64_t merged = 0;        // The same as what a rule or another review found.
  std::uint64_t without_text = 0;  // Dropped: what they quote is not in the file.
  std::uint64_t out_of_set = 0;    // Dropped: a severity or type that there is none of.
  std::uint64_t doubted =
      0;  // Findings of the rules that the model calls wrong: they stay, a note says so.
  std::uint64_t prompt_tokens = 0;
  std::uint64_t prompt_tokens_reused = 0;  // By the server's prefix cache, where it says.
  std::uint64_t context_tokens = 0;        // Guidelines and parts of files, each part once.
  std::uint64_t context_tokens_cached = 0;
  std::uint64_t answer_tokens = 0;
  double token_ms = 0;        // Look-ups, tokenization and joining, of all calls together.
  double first_token_ms = 0;  // Of all calls together.
  double total_ms = 0;
};

struct ReviewReport {
  std::vector<Finding> findings;  // By path, then place.
  std::vector<SuppressedFinding> suppressed;
  std::vector<SkippedInput> skipped;  // Should have been reviewed and were not.
  std::vector<ReviewNote> notes;
  std::uint64_t files_seen = 0;  // = reviewed + not text + skipped.
  std::uint64_t files_reviewed = 0;
  std::uint64_t files_not_text = 0;  // Binary: nothing to review.
  std::uint64_t files_from_cache = 0;
  std::uint64_t bytes_reviewed = 0;
  std::uint64_t lines_reviewed = 0;
  std::uint64_t outside = 0;                       // Findings on lines that did not count.
  std::map<std::string, std::uint64_t> languages;  // Files of each.
  double seconds = 0;
  std::string engine = "offline";
  std::string why_no_model;
  std::optional<ModelReviewCounts> model;
  std::optional<cache::CacheStats> cache_stats;  // Where a model was asked.

  [[nodiscard]] std::uint64_t count(Severity severity) const;
};

struct ReviewProgress {
  std::uint64_t files_done = 0;
  std::uint64_t files_total = 0;
  std::string path;
};

struct ReviewerOptions {
  std::size_t threads = 0;  // 0: one for each processor.
  std::uint64_t file_bytes_max = 2 * 1024 * 1024;
  std::filesystem::path cache_file;  // Of earlier reviews' findings; empty: none is kept.
  std::string today;                 // YYYY-MM-DD, for suppressions that end.
};

// Reviews files by rules. Thread-safe: calls share nothing but the cache. The same files give the same report, but for `seconds` and `files_from_cache`,
// whatever the number of threads.
class Reviewer {
 public:
  // `rules` outlives it. A cache that can't be opened is done without: why_no_cache().
  [[nodiscard]] static Result<std::unique_ptr<Reviewer>> open(const RuleSet& rules,
                                                              const ReviewerOptions& options);
  ~Reviewer();

  // A file that can't be reviewed is in the report's `skipped`, and no error. `on_progress` is called from several threads, one at a time.
  // Errors: cancelled.
  [[nodiscard]] Result<ReviewReport> run(
      const std::vector<ReviewInput>& inputs, const std::vector<ReviewType>& types,
      const std::function<void(const ReviewProgress&)>& on_progress, std::stop_token stop) const;

  [[nodiscard]] const std::string& why_no_cache() const;

 private:
  struct State;
  explicit Reviewer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The files that a path means: itself, or all below a folder that .gitignore lets through, told relative to `told_from` where they lie in it.
// Errors: not_found, invalid_argument (no file and no folder), unavailable.
[[nodiscard]] Result<std::vector<ReviewInput>> find_inputs(const std::filesystem::path& path,
                                                           const std::filesystem::path& told_from,
                                                           std::vector<SkippedInput>& skipped);

}  // namespace leyden::review
