#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/review/finding.h"
#include "leyden/base/result.h"

namespace leyden::review {

struct FixedFile {
  std::string path;
  std::string text;   // With all fixes that could be made.
  std::string patch;  // From the text before, as `git apply` takes it.
  std::size_t made = 0;
  std::size_t left = 0;  // Overlap with one that was made.
};

// Makes the fixes of one file's findings in its text. Errors: invalid_argument: the text would parse worse than before, so nothing is made.
[[nodiscard]] Result<FixedFile> make_fixes(const std::string& path, const std::string& text,
                                           const std::vector<const Finding*>& findings);

// A unified diff with three lines of context; empty where both are equal. Linear in the texts: what is equal at both ends is left out, the
// rest is one change for each stretch between lines that stand in both at the same distance.
[[nodiscard]] std::string unified_diff(const std::string& path, std::string_view before,
                                       std::string_view after, const std::vector<Edit>& edits);

}  // namespace leyden::review
