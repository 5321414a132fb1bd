#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/review/finding.h"
#include "leyden/agents/review/source_file.h"

namespace leyden::review {

// `leyden:ignore RULE[,RULE] [until=YYYY-MM-DD] REASON` in a comment: the findings of those rules on its line, or, where it stands alone, on the
// next line that is no comment. RULE may end in ".*".
struct Suppression {
  std::size_t line = 0;     // Of the comment.
  std::size_t applies = 0;  // The line whose findings it takes away.
  std::vector<std::string> rules;
  std::string reason;
  std::string until;    // Empty: for good.
  std::string problem;  // Why it counts for nothing: no reason, no rule, over.
  bool in_comment =
      false;  // Else its file has no comments that we know: a text that speaks of ignores, perhaps.
  bool used = false;
};

// `today` as YYYY-MM-DD.
[[nodiscard]] std::vector<Suppression> find_suppressions(const SourceFile& file,
                                                         std::string_view today);

// The one that takes the finding away; nullptr where there is none. Marks it as used.
[[nodiscard]] const Suppression* suppression_of(const Finding& finding,
                                                std::vector<Suppression>& suppressions);

}  // namespace leyden::review
