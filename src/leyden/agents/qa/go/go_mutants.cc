#include "leyden/agents/qa/go/go_mutants.h"

#include <map>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kTextMax = 60;

const std::map<std::string_view, std::string_view>& opposites() {
  static const std::map<std::string_view, std::string_view> all = {{"ToLower", "ToUpper"},
                                                                   {"ToUpper", "ToLower"},
                                                                   {"HasPrefix", "HasSuffix"},
                                                                   {"HasSuffix", "HasPrefix"},
                                                                   {"Index", "LastIndex"},
                                                                   {"LastIndex", "Index"},
                                                                   {"TrimLeft", "TrimRight"},
                                                                   {"TrimRight", "TrimLeft"},
                                                                   {"TrimPrefix", "TrimSuffix"},
                                                                   {"Floor", "Ceil"},
                                                                   {"Ceil", "Floor"},
                                                                   {"Min", "Max"},
                                                                   {"Max", "Min"},
                                                                   {"IsUpper", "IsLower"},
                                                                   {"IsLower", "IsUpper"},
                                                                   {"TrimSuffix", "TrimPrefix"}};
  return all;
}

// The type that the function around gives, if it is one.
Node single_result(Node node) {
  for (Node around = node.parent(); around; around = around.parent()) {
    const std::string_view type = around.type();
    if (type != "function_declaration" && type != "method_declaration" && type != "func_literal")
      continue;
    const Node result = around.field("result");
    return result.type() == "parameter_list" ? Node() : result;
  }
  return {};
}

void change_statement(Node node, std::string_view text, std::vector<NodeChange>& out) {
  const std::string_view type = node.type();
  if (type == "expression_statement") {
    if (node.named_child(0).type() == "call_expression" && !node.text(text).starts_with("panic("))
      out.push_back({node, "{}", "a call is left out"});
  } else if (type == "assignment_statement") {
    const Node sign = node.field("operator");
    if (sign.text(text) == "+=") out.push_back({sign, "=", "+= becomes ="});
    out.push_back({node, "{}", "an assignment is left out"});
  } else if (type == "inc_statement" || type == "dec_statement") {
    if (node.parent().type() == "for_clause") return;  // It would run for ever.
    std::string other(node.text(text));
    other.replace(other.size() - 2, 2, type == "inc_statement" ? "--" : "++");
    out.push_back(
        {node, std::move(other), type == "inc_statement" ? "++ becomes --" : "-- becomes ++"});
  } else if (type == "return_statement") {
    const Node result = single_result(node);
    const Node value = node.named_child(0);
    if (result && value)
      out.push_back(
          {value, fmt::format("*new({})", result.text(text)), "a zero value is returned"});
  }
}

// leyden:ignore common.complex-function a case a kind of node
void change_expression(Node node, std::string_view text, std::vector<NodeChange>& out) {
  const std::string_view type = node.type();
  const Node parent = node.parent();
  if (type == "unary_expression") {
    const std::string_view sign = node.field("operator").text(text);
    if (sign == "-" || sign == "!")
      out.push_back({node, "(" + std::string(node.field("operand").text(text)) + ")",
                     sign == "-" ? "a minus is left out" : "not is left out"});
  } else if (type == "binary_expression") {
    const std::string_view sign = node.field("operator").text(text);
    if (sign == "+" || sign == "-" || sign == "%" || sign == "*" || sign == "/")
      out.push_back({node, "(" + std::string(node.field("left").text(text)) + ")",
                     fmt::format("what stands behind {} is left out", sign)});
  } else if (type == "identifier" && parent.type() == "index_expression" &&
             parent.field("index") == node) {
    out.push_back({node, fmt::format("({} - 1)", node.text(text)), "an index is one less"});
  } else if (type == "field_identifier") {
    if (const auto other = opposites().find(node.text(text)); other != opposites().end())
      out.push_back({node, std::string(other->second),
                     fmt::format("{} becomes {}", other->first, other->second)});
  } else if (type == "index_expression" && node.field("index").type() != "int_literal") {
    out.push_back({node.field("index"), "0", "an index is 0"});
  } else if (type == "slice_expression") {
    for (const char* bound : {"start", "end"}) {
      if (const Node found = node.field(bound))
        out.push_back({found, "", "a slice's " + std::string(bound) + " is left out"});
    }
  } else if (type == "call_expression" && node.field("arguments").named_child_count() == 1 &&
             node.field("function").type() == "selector_expression") {
    out.push_back({node, "(" + std::string(node.field("arguments").named_child(0).text(text)) + ")",
                   std::string(node.field("function").text(text)) + "() is left out"});
  } else if (type == "interpreted_string_literal") {
    const std::size_t size = node.text(text).size();
    if (size > 2 && size < kTextMax) out.push_back({node, "\"leyden\"", "a text is another"});
  } else if (type == "rune_literal") {
    out.push_back({node, node.text(text) == "'q'" ? "'k'" : "'q'", "a character is another"});
  }
}

}  // namespace

std::vector<NodeChange> go_changes(Node node, std::string_view text) {
  std::vector<NodeChange> out;
  change_statement(node, text, out);
  change_expression(node, text, out);
  return out;
}

}  // namespace leyden::qa
