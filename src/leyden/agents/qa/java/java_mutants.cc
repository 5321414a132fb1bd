#include "leyden/agents/qa/java/java_mutants.h"

#include <map>
#include <set>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kTextMax = 60;

const std::map<std::string_view, std::string_view>& opposites() {
  static const std::map<std::string_view, std::string_view> all = [] {
    static constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
        {"toLowerCase", "toUpperCase"},
        {"startsWith", "endsWith"},
        {"indexOf", "lastIndexOf"},
        {"min", "max"},
        {"floor", "ceil"},
        {"isUpperCase", "isLowerCase"},
        {"anyMatch", "allMatch"},
        {"addFirst", "addLast"},
        {"removeFirst", "removeLast"},
        {"getFirst", "getLast"},
        {"pollFirst", "pollLast"},
        {"peekFirst", "peekLast"},
        {"firstKey", "lastKey"},
        {"isBefore", "isAfter"},
        {"containsKey", "containsValue"},
        {"first", "last"}};
    std::map<std::string_view, std::string_view> out;
    for (const auto& [one, other] : kPairs) {
      out[one] = other;
      out[other] = one;
    }
    return out;
  }();
  return all;
}

// What gives the same kind of thing as it is asked of.
bool is_of_one_kind(std::string_view method) {
  static const std::set<std::string_view> all = {
      "trim",     "strip",  "substring", "toLowerCase", "toUpperCase", "replace", "replaceAll",
      "reverse",  "sorted", "distinct",  "filter",      "map",         "limit",   "skip",
      "reversed", "add",    "subtract",  "multiply",    "divide",      "negate",  "abs",
      "concat",   "repeat", "append",    "boxed"};
  return all.contains(method);
}

// The type that the function around gives.
std::string_view result_around(Node node, std::string_view text) {
  for (Node around = node.parent(); around; around = around.parent()) {
    if (around.type() == "lambda_expression" || around.type() == "class_body") return {};
    if (around.type() == "method_declaration") return around.field("type").text(text);
  }
  return {};
}

std::string_view zero_of(std::string_view type) {
  if (type == "boolean") return "false";
  if (type == "char") return "'\\0'";
  static const std::set<std::string_view> numbers = {"int",  "long",   "short",
                                                     "byte", "double", "float"};
  if (numbers.contains(type)) return "0";
  return type == "String" ? "\"\"" : "null";
}

void change_statement(Node node, std::string_view text, std::vector<NodeChange>& out) {
  const std::string_view type = node.type();
  if (type == "expression_statement" && node.parent().type() != "switch_rule") {
    const std::string_view kind = node.named_child(0).type();
    if (kind == "method_invocation") out.push_back({node, ";", "a call is left out"});
    // A final field needs its value.
    const bool in_constructor = node.parent().type() == "constructor_body";
    if (kind == "assignment_expression" && !in_constructor)
      out.push_back({node, ";", "an assignment is left out"});
  } else if (type == "assignment_expression") {
    const Node sign = node.field("operator");
    if (sign.text(text) == "+=") out.push_back({sign, "=", "+= becomes ="});
  } else if (type == "update_expression") {
    const bool in_head = node.parent().type() == "for_statement";
    if (in_head && node.parent().field("body") != node) return;  // It would run for ever.
    std::string other(node.text(text));
    const bool up = other.find("++") != std::string::npos;
    const std::size_t at = other.find(up ? "++" : "--");
    if (at == std::string::npos) return;
    other.replace(at, 2, up ? "--" : "++");
    out.push_back({node, std::move(other), up ? "++ becomes --" : "-- becomes ++"});
  } else if (type == "return_statement") {
    const Node value = node.named_child(0);
    const std::string_view result = result_around(node, text);
    if (value && !result.empty() && value.text(text) != zero_of(result))
      out.push_back({value, std::string(zero_of(result)), "nothing is returned"});
  }
}

// What is taken for a place: 0 is one everywhere.
void change_place(Node place, std::vector<NodeChange>& out) {
  if (place && place.type() != "decimal_integer_literal" && place.type() != "string_literal")
    out.push_back({place, "0", "an index is 0"});
}

void change_call(Node node, std::string_view text, std::vector<NodeChange>& out) {
  const Node object = node.field("object");
  const std::string_view name = node.field("name").text(text);
  const Node arguments = node.field("arguments");
  if (!object || node.parent().type() == "expression_statement") return;
  if (const auto other = opposites().find(name); other != opposites().end())
    out.push_back({node.field("name"), std::string(other->second),
                   fmt::format("{} becomes {}", name, other->second)});
  static const std::set<std::string_view> of_places = {"get", "charAt", "set", "remove",
                                                       "substring"};
  if (of_places.contains(name)) change_place(arguments.named_child(0), out);
  if (object.text(text) == "Math" && arguments.named_child_count() == 1) {
    out.push_back({node, "(" + std::string(arguments.named_child(0).text(text)) + ")",
                   fmt::format("Math.{} is left out", name)});
  } else if (is_of_one_kind(name)) {
    out.push_back({node, std::string(object.text(text)), fmt::format("{}() is left out", name)});
  }
}

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
  } else if (type == "identifier" && parent.type() == "array_access" &&
             parent.field("index") == node) {
    out.push_back({node, fmt::format("({} - 1)", node.text(text)), "an index is one less"});
  } else if (type == "array_access") {
    change_place(node.field("index"), out);
  } else if (type == "method_invocation") {
    change_call(node, text, out);
  } else if (type == "decimal_floating_point_literal") {
    out.push_back({node, "(" + std::string(node.text(text)) + " + 1)", "a number is one more"});
  } else if (type == "string_literal") {
    const std::size_t size = node.text(text).size();
    if (size > 2 && size < kTextMax) out.push_back({node, "\"leyden\"", "a text is another"});
  } else if (type == "character_literal") {
    out.push_back({node, node.text(text) == "'q'" ? "'k'" : "'q'", "a character is another"});
  }
}

}  // namespace

std::vector<NodeChange> java_changes(Node node, std::string_view text) {
  std::vector<NodeChange> out;
  change_statement(node, text, out);
  change_expression(node, text, out);
  return out;
}

}  // namespace leyden::qa
