#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/retrieval/index.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

// '*' stands for any characters, '?' for one. Time: at most the product of the two lengths.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view name);

[[nodiscard]] bool matches(const Filter& filter, std::string_view name, std::string_view language);

// A filter within a search: the passages it lets through, in order, where they are few; else a question to each candidate. Confined to
// one thread, within one read transaction.
class PassageFilter {
 public:
  [[nodiscard]] static Result<PassageFilter> open(sql::Database& database, std::int64_t scope,
                                                  const Filter& filter);

  // The only passages that can be let through, ascending; nullopt: there are too many to list.
  [[nodiscard]] const std::optional<std::vector<std::int64_t>>& passages() const {
    return passages_;
  }
  [[nodiscard]] bool lets_all_through() const { return everything_; }
  // True without asking when `passages` tells.
  [[nodiscard]] Result<bool> lets_through(std::int64_t passage);

 private:
  explicit PassageFilter(const Filter& filter) : filter_(&filter) {}

  const Filter* filter_;
  std::optional<std::vector<std::int64_t>> passages_;
  bool everything_ = false;
  std::optional<sql::Statement> document_of_;
  std::unordered_map<std::int64_t, bool> documents_;
};

}  // namespace leyden::retrieval
