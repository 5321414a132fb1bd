#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/evolve/operators/rewrite_parts.h"

namespace leyden::evolve {
namespace {

using syntax::Language;
using syntax::Node;

bool is_function(Node node) {
  return node.type().find("function_definition") != std::string_view::npos ||
         node.type().starts_with("lambda");
}

// What `x`, `x.y`, `x[i]` and `*x` are a part of.
Node root_name(Node node) {
  while (node && node.type() != "identifier") node = node.named_child(0);
  return node;
}

class Loop {
 public:
  Loop(const Program& program, Node node) : program_(program), node_(node) {
    changes_in(node);
    if (node.type() == "for_statement" && program.language() == Language::python)
      all_names(node.field("left"));
  }

  // Computed anew each time round.
  [[nodiscard]] std::vector<Node> repeated() const {
    std::vector<Node> out;
    const bool once = node_.type() == "for_statement" && program_.language() == Language::python;
    for (const char* field : {"condition", "update", "body"}) {
      if (const Node part = node_.field(field); part && !(once && part.type() == "condition"))
        out.push_back(part);
    }
    return out;
  }

  [[nodiscard]] bool changes(Node expression) const {
    bool found = false;
    for_each_node_in(expression, [&](Node node) {
      found |=
          node.type() == "identifier" && changed_.contains(std::string(node.text(program_.text())));
    });
    return found;
  }

 private:
  void change(Node name) {
    if (name) changed_.emplace(name.text(program_.text()));
  }
  void all_names(Node root) {
    for_each_node_in(root, [&](Node node) {
      if (node.type() == "identifier") change(node);
    });
  }

  // Assigned, declared, counted up, or told to do something by a call whose answer nobody takes.
  void changes_in(Node root) {
    for_each_node_in(root, [&](Node node) {
      const std::string_view type = node.type();
      if (type.find("assignment") != std::string_view::npos) {
        const Node left = node.field("left");
        if (left.type() == "pattern_list" || left.type() == "tuple_pattern") {
          for (const Node one : left.named_children()) change(root_name(one));
        } else {
          change(root_name(left));
        }
      } else if (type == "update_expression") {
        change(root_name(node.field("argument")));
      } else if (type == "declaration" || type == "for_range_loop" || type == "init_declarator") {
        change(root_name(node.field("declarator")));
      } else if (type == "for_statement" || type == "for_in_clause") {
        if (node.field("left")) all_names(node.field("left"));
      } else if (type == "expression_statement" && node.named_child(0).type().starts_with("call")) {
        const Node called = node.named_child(0).field("function");
        if (called.type() != "identifier") change(root_name(called));
      }
    });
  }

  const Program& program_;
  Node node_;
  std::set<std::string> changed_;
};

bool is_computed(Node node) {
  const std::string_view type = node.type();
  return type == "call" || type == "call_expression" || type == "binary_operator" ||
         type == "binary_expression" || type == "subscript" || type == "subscript_expression" ||
         type == "attribute" || type == "field_expression";
}

// The outermost expressions below `node` that are the same each time.
void same_each_time(const Loop& loop, Node node, std::vector<Node>& out, std::size_t depth = 0) {
  if (depth > 400 || is_function(node)) return;
  const Node parent = node.parent();
  const bool is_target = parent.field("left") == node || parent.field("function") == node ||
                         parent.type() == "expression_statement" ||
                         parent.type() == "pointer_expression" || parent.field("name") == node;
  if (is_computed(node) && !is_target && !loop.changes(node)) {
    out.push_back(node);
    return;
  }
  for (const Node child : node.named_children()) same_each_time(loop, child, out, depth + 1);
}

void add_hoists(const Program& program, Node node, const Loop& loop, std::vector<Rewrite>& out) {
  std::vector<Node> all;
  for (const Node part : loop.repeated()) same_each_time(loop, part, all);
  std::map<std::string_view, std::vector<Node>> by_text;
  for (const Node one : all) by_text[one.text(program.text())].push_back(one);
  const std::string name = fresh_name(program, "hoisted");
  for (const auto& [text, places] : by_text) {
    const std::string line =
        program.language() == Language::python
            ? fmt::format("{} = {}", name, text)
            : fmt::format("const {} {} = {};",
                          program.language() == Language::cpp ? "auto&" : "__auto_type", name,
                          text);
    Rewrite one{
        .edits = {line_before(program, node, line)},
        .what = fmt::format("line {}: {} is computed before the loop", node.first_line(), text)};
    for (const Node place : places) one.edits.push_back(replacing(place, name));
    out.push_back(std::move(one));
  }
}

// `x in names`, with names that stay as they are: of a set.
void add_membership(const Program& program, Node node, const Loop& loop,
                    std::vector<Rewrite>& out) {
  if (program.language() != Language::python) return;
  std::map<std::string_view, std::vector<Node>> asked;
  for_each_node_in(node.field("body"), [&](Node inner) {
    if (inner.type() != "comparison_operator" || inner.named_child_count() != 2) return;
    const std::string_view sign = inner.field("operators").type();
    const Node of = inner.named_child(1);
    if ((sign == "in" || sign == "not in") && of.type() == "identifier" && !loop.changes(of))
      asked[of.text(program.text())].push_back(of);
  });
  for (const auto& [text, places] : asked) {
    const std::string name = fresh_name(program, fmt::format("{}_set", text));
    Rewrite one{.edits = {line_before(program, node, fmt::format("{} = set({})", name, text))},
                .what = fmt::format("line {}: membership of {} is asked of a set",
                                    node.first_line(), text)};
    for (const Node place : places) one.edits.push_back(replacing(place, name));
    out.push_back(std::move(one));
  }
}

bool is_literal(Node node) {
  const std::string_view type = node.type();
  return type == "true" || type == "false" || type == "integer" || type == "number_literal" ||
         type == "none";
}

Node innermost_loop(Node node) {
  for (Node up = node.parent(); up; up = up.parent()) {
    if (is_loop(up)) return up;
    if (is_function(up)) return {};
  }
  return {};
}

// A flag is set under a condition: what comes later may not matter.
void add_early_exits(const Program& program, Node loop, std::vector<Rewrite>& out) {
  const bool python = program.language() == Language::python;
  for_each_node_in(loop.field("body"), [&](Node node) {
    const Node assigned = node.named_child(0);
    if (node.type() != "expression_statement" || !is_literal(assigned.field("right"))) return;
    Node inside = node.parent();
    const bool alone = inside.type() == "if_statement";  // Without braces.
    if (!alone) inside = inside.parent();
    if (inside.type() != "if_statement" || innermost_loop(node) != loop || node.next()) return;
    const std::string_view text = node.text(program.text());
    const std::string indent(indentation_at(program.text(), node.begin()), ' ');
    const std::string with = python  ? fmt::format("{}\n{}break", text, indent)
                             : alone ? fmt::format("{{ {} break; }}", text)
                                     : fmt::format("{}\n{}break;", text, indent);
    out.push_back({.edits = {replacing(node, with)},
                   .what = fmt::format("line {}: the loop ends there", node.first_line())});
  });
}

// How often the loop goes round, as far as its head says so.
std::string times_round(const Program& program, Node loop) {
  if (loop.type() == "for_range_loop")
    return fmt::format("{}.size()", loop.field("right").text(program.text()));
  const Node condition = loop.field("condition");
  if (loop.type() != "for_statement" || condition.type() != "binary_expression") return "";
  return std::string(condition.field("right").text(program.text()));
}

void add_reserves(const Program& program, Node loop, std::vector<Rewrite>& out) {
  if (program.language() != Language::cpp) return;
  const std::string times = times_round(program, loop);
  std::set<std::string> filled;
  for_each_node_in(loop.field("body"), [&](Node node) {
    const Node called = node.field("function");
    const std::string_view method = called.field("field").text(program.text());
    if (node.type() == "call_expression" && (method == "push_back" || method == "emplace_back"))
      filled.emplace(called.field("argument").text(program.text()));
  });
  for (const std::string& name : filled) {
    if (times.empty() || program.text().find(name + ".reserve(") != std::string::npos) continue;
    out.push_back(
        {.edits = {line_before(program, loop, fmt::format("{}.reserve({});", name, times))},
         .what = fmt::format("line {}: {} is given its room beforehand", loop.first_line(), name)});
  }
}

}  // namespace

void add_loop_rewrites(const Program& program, std::vector<Rewrite>& out) {
  for_each_node(program, [&](Node node) {
    if (!is_loop(node) || !program.may_change(node.begin(), node.end())) return;
    add_early_exits(program, node, out);
    if (!holds_statements(node.parent().type())) return;  // There is no place before it.
    const Loop loop(program, node);
    add_hoists(program, node, loop, out);
    add_membership(program, node, loop, out);
    add_reserves(program, node, out);
  });
}

}  // namespace leyden::evolve
