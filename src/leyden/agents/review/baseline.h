#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "leyden/agents/review/review.h"
#include "leyden/base/result.h"

namespace leyden::review {

// Findings that were there before: how many of each fingerprint. Files' names are in the file for people only, so a renamed file hides
// nothing and brings nothing back. docs/formats/review_baseline.md.
struct Baseline {
  std::map<std::string, std::uint64_t> counts;

  // Errors: not_found, unavailable, corrupt (no baseline), unsupported (of a newer version).
  [[nodiscard]] static Result<Baseline> read(const std::filesystem::path& file);
  // Errors: unavailable.
  [[nodiscard]] static Result<void> write(const std::filesystem::path& file,
                                          const ReviewReport& report);

  // Moves what it knows from the findings to the suppressed, each as often as it was there before. Returns how many it knew that are gone.
  std::uint64_t apply(ReviewReport& report) const;
};

}  // namespace leyden::review
