#include "leyden/retrieval/stores/sqlite/passage_filter.h"

#include <algorithm>
#include <set>
#include <string>

#include "leyden/base/utf8.h"

namespace leyden::retrieval {
namespace {

// Above this a filter asks candidates instead of listing passages. The list costs about a microsecond for each document.
constexpr std::size_t kListedDocumentsMax = 2'000;
constexpr std::size_t kListedPassagesMax = 2'000;

std::string_view literal_prefix(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of("*?"));
}

// The first text behind all that begin with `prefix`, which is not empty. No byte of UTF-8 is 0xFF.
std::string behind(std::string_view prefix) {
  std::string end(prefix);
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

// The documents of a scope that a filter lets through; nullopt when they are too many.
Result<std::optional<std::set<std::int64_t>>> list_documents(sql::Database& database,
                                                             std::int64_t scope,
                                                             const Filter& filter) {
  std::set<std::int64_t> documents;
  // False: enough of them.
  auto read = [&](sql::Statement& rows) -> Result<bool> {
    while (true) {
      auto row = rows.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return true;
      if (!matches(filter, rows.text(1), rows.text(2))) continue;
      documents.insert(rows.number(0));
      if (documents.size() > kListedDocumentsMax) return false;
    }
  };
  if (filter.paths.empty()) {
    for (const std::string& language : filter.languages) {
      sql::Statement rows(
          database, "SELECT id, name, language FROM documents WHERE scope = ? AND language = ?");
      rows.bind(scope).bind(language);
      auto all = read(rows);
      if (!all) return std::unexpected(all.error());
      if (!*all) return std::nullopt;
    }
    return documents;
  }
  for (const std::string& path : filter.paths) {
    const std::string_view prefix = literal_prefix(path);
    sql::Statement rows(database,
                        fmt::format("SELECT id, name, language FROM documents WHERE scope = ? {}",
                                    prefix.empty() ? "" : "AND name >= ? AND name < ?"));
    rows.bind(scope);
    if (!prefix.empty()) rows.bind(prefix).bind(behind(prefix));
    auto all = read(rows);
    if (!all) return std::unexpected(all.error());
    if (!*all) return std::nullopt;
  }
  return documents;
}

bool matches_path(std::string_view path, std::string_view name) {
  if (path.find_first_of("*?") != std::string_view::npos) return matches_pattern(path, name);
  return path.ends_with('/') ? name.starts_with(path) : name == path;
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // The last '*', and where the text behind it began.
  std::size_t star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      n += utf8::decode(name, n).size;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  return pattern.substr(p).find_first_not_of('*') == std::string_view::npos;
}

bool matches(const Filter& filter, std::string_view name, std::string_view language) {
  if (!filter.languages.empty() &&
      std::ranges::find(filter.languages, language) == filter.languages.end())
    return false;
  return filter.paths.empty() || std::ranges::any_of(filter.paths, [name](const std::string& path) {
           return matches_path(path, name);
         });
}

Result<PassageFilter> PassageFilter::open(sql::Database& database, std::int64_t scope,
                                          const Filter& filter) {
  PassageFilter out(filter);
  out.everything_ = filter.paths.empty() && filter.languages.empty();
  if (out.everything_) return out;
  auto documents = list_documents(database, scope, filter);
  if (!documents) return std::unexpected(documents.error());
  const auto ask_each = [&] {
    out.passages_.reset();
    out.document_of_.emplace(database,
                             "SELECT d.id, d.name, d.language FROM passages p JOIN documents d ON "
                             "d.id = p.document WHERE p.id = ?");
  };
  if (!*documents) {
    ask_each();
    return out;
  }
  out.passages_.emplace();
  sql::Statement passages(database, "SELECT id FROM passages WHERE document = ?");
  for (const std::int64_t document : **documents) {
    passages.bind(document);
    while (true) {
      auto row = passages.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      if (out.passages_->size() == kListedPassagesMax) {
        ask_each();
        return out;
      }
      out.passages_->push_back(passages.number(0));
    }
  }
  std::ranges::sort(*out.passages_);
  return out;
}

Result<bool> PassageFilter::lets_through(std::int64_t passage) {
  if (everything_ || passages_) return true;
  document_of_->bind(passage);
  auto row = document_of_->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return false;
  auto [known, is_new] = documents_.try_emplace(document_of_->number(0), false);
  if (is_new) known->second = matches(*filter_, document_of_->text(1), document_of_->text(2));
  document_of_->reset();
  return known->second;
}

}  // namespace leyden::retrieval
