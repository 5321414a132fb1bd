#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

// How probes are written in a language, and the names that its grammar gives to where they go.
struct ProbeSyntax {
  std::string hit;                        // "leyden_hit({});": a statement.
  std::string condition;                  // "leyden_if(!!({}), {}, {})": the condition, two probes.
  std::string throws;                     // "leyden_throws({});": a line; before `throw_statement`.
  std::set<std::string_view> blocks;      // Whose children are statements.
  std::set<std::string_view> statements;  // That run where they stand,
  std::set<std::string_view> initialized;  // these only where they hold one of these.
  std::set<std::string_view> conditional;  // With a field "condition" of which both ways count.
  std::set<std::string_view> loops;  // Their body counts as a branch where there is no condition.
  std::set<std::string_view> cases;  // With statements as children, behind a colon.
  std::set<std::string_view> functions;  // With a body.
  std::set<std::string_view> left_alone;
  bool has_errors = false;  // Errors are thrown by throw_statement.
  std::set<std::string_view>
      bare_conditions{};             // Whose condition, if any, has no field of its own.
  std::string_view throwing_call{};  // Statements that begin with it throw as throw_statement does.
  std::set<std::string_view> arms{};  // A "value" or a "body" that may be one expression: a branch.
  bool (*skipped)(syntax::Node node, std::string_view text) = nullptr;  // With all that is in it.
  std::string_view first_statement{};  // Nothing may stand before it in its body.
  std::string_view
      binding{};  // With a field "name" or "pattern" it declares a name that is used elsewhere: its condition stays as it is.
  std::string_view
      rule{};  // A case of one statement or, where the whole is an expression, of one value,
  std::string_view yield{};  // which a block gives by this word.
};

// A source with probes: before each statement, and for both ways of each condition: each operand of && and || has two, as gcov counts branches. Lines
// stay where they are.
struct ProbedSource {
  std::string text;
  // Of each probe: its line as an arc to itself, or (line, -number) for a branch that begins there.
  std::vector<Arc> probes;

  [[nodiscard]] Goals goals() const;
  [[nodiscard]] Arcs arcs_of(std::span<const std::size_t> reached) const;
  [[nodiscard]] std::vector<std::size_t> seen_in(const Arcs& arcs) const;
};
// Functions that did not parse get none.
[[nodiscard]] ProbedSource probed_source(const syntax::Tree& tree, std::string_view text,
                                         const ProbeSyntax& syntax);

}  // namespace leyden::qa
