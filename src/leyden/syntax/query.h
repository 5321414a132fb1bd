#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/syntax/language.h"
#include "leyden/syntax/parser.h"

struct TSQuery;

namespace leyden::syntax {

// A node that a query has named, as bytes [begin, end) of the text and lines counted from 1.
struct Capture {
  std::string_view name;  // Without the '@'. Valid as long as the query.
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t first_line = 1;
  std::size_t last_line = 1;
};

struct Match {
  std::size_t pattern = 0;  // Which of the query's patterns, from 0.
  std::vector<Capture> captures;
};

struct Matches {
  std::vector<Match> matches;  // In the order of the text.
  bool complete =
      true;  // Else some were left out, because `matches_max` or tree-sitter's own bound was reached.
};

// A question about trees in tree-sitter's query language: `(call_expression function: (identifier) @name (#eq? @name "gets"))`.
// Predicates: #eq?, #not-eq?, #any-of?, #not-any-of?, between captures and strings. Thread-safe.
class Query {
 public:
  // Errors: unsupported (no grammar; a predicate that is not in the list), invalid_argument (where and why the query is wrong).
  [[nodiscard]] static Result<Query> compile(Language language, std::string_view source);

  // `text` is what the tree was parsed from; the tree is of the query's language, else nothing matches.
  [[nodiscard]] Matches run(const Tree& tree, std::string_view text,
                            std::size_t matches_max = 100'000) const;

 private:
  struct Deleter {
    void operator()(TSQuery* query) const;
  };
  struct Operand {
    bool is_capture = false;
    std::uint32_t capture = 0;
    std::string string;
  };
  // The left capture's text is (or, negated, is not) one of those on the right.
  struct Predicate {
    bool negated = false;
    std::uint32_t left = 0;
    std::vector<Operand> right;
  };

  Query(TSQuery* query, Language language) : query_(query), language_(language) {}
  Result<void> read_predicates();

  std::unique_ptr<TSQuery, Deleter> query_;
  Language language_;
  std::vector<std::vector<Predicate>> predicates_;  // Of each pattern.
};

}  // namespace leyden::syntax
