#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "leyden/syntax/language.h"
#include "leyden/syntax/node.h"

namespace leyden::review {

// How a language's syntax trees spell what all languages have: calls, members, assignments, functions, loops. The grammars name these
// differently; rules and the flow of data ask here.

[[nodiscard]] inline bool is_one_of(std::string_view name,
                                    std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}
[[nodiscard]] inline bool is_one_of(std::string_view name,
                                    std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

enum class Shape : std::uint8_t {
  other,
  call,    // Of a function, a method, a constructor, a macro.
  member,  // `object.name`, `Module::name`.
  name,    // An identifier.
  assignment,  // Gives a name a value: declarations with an initial value, parameters of loops, `x += 1`.
  parameter,
  function,  // With a body: methods, lambdas.
  loop,
  comprehension,  // A loop within an expression.
  branch,         // if, switch, match, try, `?:`.
  block,  // Statements of which each may run after the one before; what is in a branch is in one.
  string,
  number,
  constant,    // true, null, ...
  sequence,    // A literal list, tuple, map or set.
  operation,   // Of operands: `a + b`, `a if c else b`, `(a)`, `not a`.
  comparison,  // Tells yes or no about its operands, as far as the grammar tells.
  jump,        // return, break, throw: what comes behind does not run.
  comment,
  class_,
};

[[nodiscard]] Shape shape_of(syntax::Language language, syntax::Node node);

// All types of nodes that have a shape in some language.
[[nodiscard]] std::vector<std::string_view> shape_types();

struct Argument {
  std::string_view name;  // Of a keyword argument.
  syntax::Node value;
};

// Of a node that is a call. What is called: the expression in front of the brackets; of `object.name(...)` as the grammar has it, object and name
// apart where there is no node for the two.
struct Call {
  syntax::Node function;  // Null where object and name are apart, or where the name stands alone.
  syntax::Node object;
  syntax::Node name;
  std::vector<Argument> arguments;
  bool is_constructor = false;
};
[[nodiscard]] std::optional<Call> call_of(syntax::Language language, syntax::Node node,
                                          std::string_view text);

// Of a node that is a member: `object.name`.
struct Member {
  syntax::Node object;
  syntax::Node name;
};
[[nodiscard]] std::optional<Member> member_of(syntax::Language language, syntax::Node node);

// Names that get a value, and the expression that gives it; the type where one is declared.
struct Assignment {
  std::vector<syntax::Node> targets;  // Names and members.
  syntax::Node value;                 // Null: declared only.
  syntax::Node type;
  bool adds = false;         // `x += y`: the old value stays a part of the new one.
  bool taken_apart = false;  // Each target gets a part of the value.
};
[[nodiscard]] std::vector<Assignment> assignments_of(syntax::Language language, syntax::Node node);

// What a string literal says, when nothing is put into it: without quotes and prefix; escapes stay as they are written.
[[nodiscard]] std::optional<std::string_view> string_value(syntax::Language language,
                                                           syntax::Node node,
                                                           std::string_view text);

// Visits nodes in the order of the text, parents first; `visit` returns whether to go into the node. No recursion: depth costs no stack.
template <class Visit>
void walk(syntax::Node root, Visit&& visit) {
  TSTreeCursor cursor = ts_tree_cursor_new(root.get());
  for (bool more = true; more;) {
    if (visit(syntax::Node(ts_tree_cursor_current_node(&cursor))) &&
        ts_tree_cursor_goto_first_child(&cursor))
      continue;
    while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
      if (!ts_tree_cursor_goto_parent(&cursor)) {
        more = false;
        break;
      }
    }
  }
  ts_tree_cursor_delete(&cursor);
}

// a[b]
[[nodiscard]] bool is_element(syntax::Node expression);
// a ? b : c, and which of its named children decides.
[[nodiscard]] bool chooses(syntax::Node expression);
[[nodiscard]] bool is_condition(syntax::Language language, syntax::Node expression,
                                std::uint32_t child);

}  // namespace leyden::review
