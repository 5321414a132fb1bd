#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/review/review.h"

namespace leyden::review {

// Which lines of which files to review, and what can't be (a submodule, a file that is not there).
struct Changes {
  std::vector<ReviewInput> inputs;
  std::vector<SkippedInput> skipped;
  std::vector<ReviewNote> notes;  // Files of which only the diff's lines are known.
};

// Of a diff's text, files below `root`. A file that is what the diff leads to is reviewed as it is on disk, what counts are its changed lines; of one that is
// not, only the lines that the diff tells are there, and a note says so. Errors: those of parse_diff(). Views into nothing: it copies.
[[nodiscard]] Result<Changes> changes_of_diff(std::string_view diff,
                                              const std::filesystem::path& root);

// Of the git repository around `inside`: from where HEAD and `base` parted to the files on disk; or from HEAD to what is staged.
// Paths are told from the repository's root. Errors: not_found (no repository, no such commit), unavailable (can't be read).
[[nodiscard]] Result<Changes> changes_since(const std::filesystem::path& inside,
                                            const std::string& base);
[[nodiscard]] Result<Changes> staged_changes(const std::filesystem::path& inside);

// The root of the repository around `inside`; empty where there is none.
[[nodiscard]] std::filesystem::path repository_root(const std::filesystem::path& inside);

}  // namespace leyden::review
