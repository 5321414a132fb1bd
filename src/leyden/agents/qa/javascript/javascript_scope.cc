#include "leyden/agents/qa/javascript/javascript_scope.h"

#include <algorithm>

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 200;

Node member_named(Node class_body, std::string_view name, std::string_view text) {
  for (const Node member : class_body.named_children()) {
    if (member.type() == "method_definition" && member.field("name").text(text) == name)
      return member;
  }
  return {};
}

// Of one of a block's statements.
Node function_of(Node statement, std::string_view name, std::string_view text) {
  if (is_javascript_function(statement))
    return statement.field("name").text(text) == name ? statement : Node();
  if (statement.type() != "lexical_declaration" && statement.type() != "variable_declaration")
    return {};
  for (const Node one : statement.named_children()) {
    if (one.field("name").text(text) == name && is_javascript_function(one.field("value")))
      return one.field("value");
  }
  return {};
}

void note_attributes(Node node, std::string_view text, std::set<std::string_view>& out,
                     std::size_t depth) {
  if (depth > kDepthMax) return;
  const Node left = node.field("left");
  if (node.type() == "assignment_expression" && left.type() == "member_expression" &&
      left.field("object").type() == "this")
    out.insert(left.field("property").text(text));
  for (const Node child : node.named_children()) note_attributes(child, text, out, depth + 1);
}

}  // namespace

bool is_javascript_function(Node node) {
  static const std::set<std::string_view> kAll = {"function_declaration",
                                                  "generator_function_declaration",
                                                  "arrow_function",
                                                  "function_expression",
                                                  "function",
                                                  "generator_function",
                                                  "method_definition"};
  return kAll.contains(node.type());
}

bool is_javascript_class(Node node) {
  return node.type() == "class_declaration" || node.type() == "class";
}

Node javascript_class_around(Node node) {
  while (node && node.type() != "class_body") node = node.parent();
  return node;
}

std::set<std::string_view> javascript_attributes(Node of_class, std::string_view text) {
  std::set<std::string_view> out;
  const Node body = of_class.field("body");
  for (const Node member : body.named_children()) {
    const Node name = member.field("name") ? member.field("name") : member.field("property");
    if (name && name.text(text) != "constructor") out.insert(name.text(text));
  }
  note_attributes(body, text, out, 0);
  return out;
}

Node bare_javascript(Node value) {
  static const std::set<std::string_view> kAround = {"parenthesized_expression", "as_expression",
                                                     "satisfies_expression", "non_null_expression"};
  while (kAround.contains(value.type())) value = value.named_child(0);
  return value;
}

Node javascript_pattern(Node parameter) {
  if (parameter.type() == "required_parameter" || parameter.type() == "optional_parameter")
    return parameter.field("pattern");
  return parameter.type() == "assignment_pattern" ? parameter.field("left") : parameter;
}

Node JavascriptScope::called(Node from, std::string_view name) const {
  if (name.starts_with("this."))
    return member_named(javascript_class_around(from), name.substr(5), text);
  for (Node around = from.parent(); around; around = around.parent()) {
    if (around.type() != "statement_block") continue;
    for (const Node statement : around.named_children()) {
      if (const Node found = function_of(statement, name, text)) return found;
    }
  }
  const auto known = definitions.find(name);
  if (known != definitions.end())
    return is_javascript_class(known->second)
               ? member_named(known->second.field("body"), "constructor", text)
               : known->second;
  const std::size_t dot = name.find('.');  // A static method.
  if (dot == std::string_view::npos) return {};
  const auto of = definitions.find(name.substr(0, dot));
  return of == definitions.end()
             ? Node()
             : member_named(of->second.field("body"), name.substr(dot + 1), text);
}

}  // namespace leyden::qa
