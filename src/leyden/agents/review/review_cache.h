#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "leyden/agents/review/finding.h"
#include "leyden/base/digest.h"
#include "leyden/base/guarded.h"
#include "leyden/base/result.h"
#include "leyden/sql/database.h"

namespace leyden::review {

// What was found in files before, by a digest of all that it depends on: the text, its name, the rules. An SQLite file, docs/formats/review_cache.md.
// Thread-safe. A failure is an absent entry: reviewing again is right, too.
class ReviewCache {
 public:
  // Errors: unavailable, corrupt, unsupported.
  [[nodiscard]] static Result<std::unique_ptr<ReviewCache>> open(const std::filesystem::path& file);

  [[nodiscard]] std::optional<std::vector<Finding>> find(const Digest& key);
  struct Entry {
    Digest key;
    std::vector<Finding> findings;
  };
  // In one transaction; the oldest go where there are more than kEntriesMax.
  void put(const std::vector<Entry>& entries);

 private:
  explicit ReviewCache(sql::Database database) : database_(std::move(database)) {}
  Guarded<sql::Database> database_;
};

}  // namespace leyden::review
