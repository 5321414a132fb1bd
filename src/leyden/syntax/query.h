#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/syntax/language.h"
#include "leyden/syntax/node.h"
#include "leyden/syntax/parser.h"
#include "leyden/syntax/pattern.h"

namespace leyden::syntax {

// A node that a query has named.
struct Capture {
  std::string_view name;  // Without the '@'. Valid as long as the query.
  Node node;
};

struct Match {
  std::size_t pattern = 0;  // Which of the query's patterns, from 0.
  std::vector<Capture> captures;
  // The first of that name; null where the pattern's optional part is not there.
  [[nodiscard]] Node operator[](std::string_view name) const;
};

struct Matches {
  std::vector<Match> matches;  // In the order of the text.
  bool complete =
      true;  // Else some were left out, because `matches_max` or tree-sitter's own bound was reached.
};

// A question about trees in tree-sitter's query language: `(call_expression function: (identifier) @name (#eq? @name "gets"))`.
// Predicates, each with a `not-` twin: #eq? and #any-of? between captures and strings, #match? with a regular expression (PCRE2, anywhere in
// the node's text), #has-ancestor? and #has-parent? with types of nodes. A predicate on an optional part that is not there holds.
// Thread-safe.
class Query {
 public:
  // Errors: unsupported (no grammar; a predicate that is not in the list), invalid_argument (where and why the query is wrong).
  [[nodiscard]] static Result<Query> compile(Language language, std::string_view source);

  [[nodiscard]] std::size_t pattern_count() const { return predicates_.size(); }
  // Where a pattern begins in the source.
  [[nodiscard]] std::size_t pattern_begin(std::size_t pattern) const;

  // `text` is what the tree was parsed from; the tree is of the query's language, else nothing matches.
  // Stopped, it gives what was found until then.
  [[nodiscard]] Matches run(const Tree& tree, std::string_view text,
                            std::size_t matches_max = 100'000, std::stop_token stop = {}) const;

 private:
  struct Deleter {
    void operator()(TSQuery* query) const;
  };
  struct Operand {
    bool is_capture = false;
    std::uint32_t capture = 0;
    std::string string;
  };
  enum class Relation : std::uint8_t { equals, matches, has_ancestor, has_parent };
  // The left capture stands (or, negated, does not stand) in the relation to one of those on the right.
  struct Predicate {
    Relation relation{};
    bool negated = false;
    std::uint32_t left = 0;
    std::vector<Operand> right;
    std::shared_ptr<const Pattern> pattern;  // Of `matches`.
  };

  Query(TSQuery* query, Language language) : query_(query), language_(language) {}
  [[nodiscard]] static bool holds(const Predicate& predicate,
                                  std::span<const TSQueryCapture> captures, std::string_view text);
  Result<void> read_predicates();

  std::unique_ptr<TSQuery, Deleter> query_;
  Language language_;
  std::vector<std::vector<Predicate>> predicates_;  // Of each pattern.
};

}  // namespace leyden::syntax
