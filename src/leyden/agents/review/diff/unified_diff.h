#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"

namespace leyden::review {

struct DiffLine {
  enum class Kind : std::uint8_t { context, added, removed } kind{};
  std::string_view text;  // Without the sign and the newline; a CR before it belongs to the text.
  bool without_newline = false;  // The file ends here, without one.
};

// Lines [old_first, old_first + old_count) become [new_first, ...). Lines count from 1; with a count of 0 the line is the one before.
struct Hunk {
  std::size_t old_first = 0;
  std::size_t old_count = 0;
  std::size_t new_first = 0;
  std::size_t new_count = 0;
  std::vector<DiffLine> lines;
};

struct FileDiff {
  enum class Kind : std::uint8_t { changed, added, deleted, renamed, copied } kind{};
  std::string
      old_path;  // As bytes of the file system, without "a/"; empty where the file is added.
  std::string new_path;  // Empty where it is deleted.
  std::string old_mode;  // "100644"; empty: not told.
  std::string new_mode;
  bool binary = false;     // Content is not told as lines.
  bool submodule = false;  // Mode 160000: lines are commits.
  std::vector<Hunk> hunks;
  // Lines of the new file that were added or changed; where lines were only removed, the line before.
  [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> changed_lines() const;
};

// What `git diff`, `git show`, `git format-patch` and `diff -u` print, whole mails and logs too: text around the diffs is passed over. Views refer to
// `text`. Errors: invalid_argument, with the line: a hunk that does not hold what its head says, a combined diff (`git diff --cc`), a word
// diff, a diff for which no file is named. Empty text is no diff: an empty answer.
[[nodiscard]] Result<std::vector<FileDiff>> parse_diff(std::string_view text);

// The file before, from the file after. Errors: invalid_argument: which line is not what the diff says.
[[nodiscard]] Result<std::string> apply_in_reverse(const FileDiff& diff, std::string_view after);

}  // namespace leyden::review
