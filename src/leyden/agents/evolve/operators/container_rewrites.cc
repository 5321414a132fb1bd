#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/evolve/operators/rewrite_parts.h"

namespace leyden::evolve {
namespace {

using syntax::Language;
using syntax::Node;

// For C++: all of a type's places at once, so that they go on fitting each other.
void add_other_types(const Program& program, std::vector<Rewrite>& out) {
  static constexpr std::array<std::array<std::string_view, 2>, 6> kTypes = {
      {{"map", "unordered_map"},
       {"set", "unordered_set"},
       {"multimap", "unordered_multimap"},
       {"multiset", "unordered_multiset"},
       {"list", "vector"},
       {"deque", "vector"}}};
  std::map<std::string_view, std::vector<Node>> places;
  for_each_node(program, [&](Node node) {
    if (node.type() == "template_type" && program.may_change(node.begin(), node.end()))
      places[node.field("name").text(program.text())].push_back(node.field("name"));
  });
  for (const auto& [from, to] : kTypes) {
    if (!places.contains(from)) continue;
    Rewrite one{.edits = {}, .what = fmt::format("{} in the place of {}", to, from)};
    for (const Node place : places[from]) one.edits.push_back(replacing(place, std::string(to)));
    add_head_line(program,
                  fmt::format("#include <{}>",
                              to.starts_with("unordered_multi")
                                  ? to == "unordered_multimap" ? "unordered_map" : "unordered_set"
                                  : to),
                  one.edits);
    out.push_back(std::move(one));
  }
}

// `std::string s` as a parameter or a range's variable: a copy each time.
void add_references(const Program& program, std::vector<Rewrite>& out) {
  for_each_node(program, [&](Node node) {
    if (node.type() != "parameter_declaration" && node.type() != "for_range_loop") return;
    const Node type = node.field("type");
    const Node name = node.field("declarator");
    const std::string_view text = type.text(program.text());
    const bool is_large = text == "auto" || (text.starts_with("std::") &&
                                             text.find("view") == std::string_view::npos &&
                                             text.find("span") == std::string_view::npos &&
                                             text.find("size_t") == std::string_view::npos);
    if (!is_large || name.type() != "identifier") return;
    const bool is_const =
        program.text().substr(node.begin(), type.begin() - node.begin()).find("const") !=
        std::string::npos;
    out.push_back({.edits = {replacing(type, fmt::format("{}{}&", is_const ? "" : "const ", text))},
                   .what = fmt::format("line {}: {} by reference", type.first_line(),
                                       name.text(program.text()))});
  });
}

void add_line_ends(const Program& program, std::vector<Rewrite>& out) {
  Rewrite one{.edits = {}, .what = "lines end without a flush"};
  for_each_node(program, [&](Node node) {
    if (node.type() == "qualified_identifier" && node.text(program.text()) == "std::endl" &&
        program.may_change(node.begin(), node.end()))
      one.edits.push_back(replacing(node, "'\\n'"));
  });
  if (!one.edits.empty()) out.push_back(std::move(one));
}

// Calls of a method of `name` below `scope`: the nodes that are replaced, `name.method`.
std::vector<Node> calls_of(const Program& program, Node scope, std::string_view name,
                           std::string_view method) {
  std::vector<Node> out;
  for_each_node_in(scope, [&](Node node) {
    const Node called = node.field("function");
    if (node.type() == "call" && called.field("object").text(program.text()) == name &&
        called.field("attribute").text(program.text()) == method)
      out.push_back(node);
  });
  return out;
}

Node function_around(Node node) {
  Node at = node;
  for (Node up = node.parent(); up; up = up.parent()) {
    at = up;
    if (up.type() == "function_definition") break;
  }
  return at;
}

// For Python: a list that is only asked for members becomes a set, one whose first is taken a deque.
void add_other_lists(const Program& program, std::vector<Rewrite>& out) {
  for_each_node(program, [&](Node node) {
    const Node value = node.field("right");
    const Node variable = node.field("left");
    if (node.type() != "assignment" || variable.type() != "identifier" || !value) return;
    const std::string_view name = variable.text(program.text());
    const Node scope = function_around(node);
    const std::vector<Node> added = calls_of(program, scope, name, "append");
    if (value.text(program.text()) == "[]" && !added.empty()) {
      Rewrite one{.edits = {replacing(value, "set()")},
                  .what = fmt::format("line {}: {} is a set", node.first_line(), name)};
      for (const Node call : added)
        one.edits.push_back(replacing(call.field("function"), fmt::format("{}.add", name)));
      out.push_back(std::move(one));
    }
    Rewrite deque{.edits = {replacing(
                      value, fmt::format("collections.deque({})", value.text(program.text())))},
                  .what = fmt::format("line {}: {} is a deque", node.first_line(), name)};
    for (const Node call : calls_of(program, scope, name, "pop")) {
      if (call.field("arguments").text(program.text()) == "(0)")
        deque.edits.push_back(replacing(call, fmt::format("{}.popleft()", name)));
    }
    if (deque.edits.size() == 1) return;
    add_head_line(program, "import collections", deque.edits);
    out.push_back(std::move(deque));
  });
}

}  // namespace

void add_container_rewrites(const Program& program, std::vector<Rewrite>& out) {
  if (program.language() == Language::cpp) {
    add_other_types(program, out);
    add_references(program, out);
    add_line_ends(program, out);
  } else if (program.language() == Language::python) {
    add_other_lists(program, out);
  }
}

}  // namespace leyden::evolve
