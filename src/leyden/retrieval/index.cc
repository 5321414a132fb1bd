#include "leyden/retrieval/index.h"

#include <algorithm>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/syntax/language.h"

namespace leyden::retrieval {
namespace {

Result<void> check_name(std::string_view what, std::string_view name) {
  bool control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (name.empty() || name.size() > 200 || control || !utf8::is_valid(name)) {
    return fail(Errc::invalid_argument,
                "the {} must have 1 to 200 bytes of UTF-8 without control characters", what);
  }
  return {};
}

}  // namespace

Digest passage_content(std::string_view document, std::string_view context, std::string_view text) {
  return Hasher().field(document).field(context).field(text).finish();
}

Result<void> Scope::check() const {
  if (auto good = check_name("tenant", tenant); !good) return good;
  return check_name("collection", collection);
}

Result<void> UpdateOptions::check() const {
  if (auto good = scope.check(); !good) return good;
  if (file_bytes_max == 0)
    return fail(Errc::invalid_argument, "file_bytes_max is 0: nothing could be indexed");
  return chunk.check();
}

Result<void> SearchRequest::check() const {
  if (auto good = scope.check(); !good) return good;
  if (top_k == 0) return fail(Errc::invalid_argument, "top_k is 0: ask for at least one passage");
  for (const auto* values : {&filter.paths, &filter.languages}) {
    if (values->size() > 1'000)
      return fail(Errc::invalid_argument, "a filter of {} values: 1,000 at most", values->size());
    const bool odd = std::ranges::any_of(*values, [](const std::string& value) {
      return value.empty() || value.size() > 4'096 || !utf8::is_valid(value);
    });
    if (odd)
      return fail(Errc::invalid_argument, "paths and languages have 1 to 4,096 bytes of UTF-8");
  }
  for (const std::string& language : filter.languages) {
    if (!syntax::language_named(language)) {
      return fail(Errc::invalid_argument,
                  "no language is called \"{}\": name one as cpp, python, typescript or markdown",
                  language);
    }
  }
  return {};
}

std::string_view to_string(Ranking ranking) {
  switch (ranking) {
    case Ranking::best:
      return "best";
    case Ranking::words:
      return "words";
    case Ranking::vectors:
      return "vectors";
    case Ranking::fused:
      return "fused";
  }
  std::unreachable();
}

}  // namespace leyden::retrieval
