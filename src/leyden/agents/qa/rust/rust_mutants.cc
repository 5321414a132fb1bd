#include "leyden/agents/qa/rust/rust_mutants.h"

#include <map>
#include <set>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kTextMax = 60;
constexpr std::size_t kConditionMax = 400;

const std::map<std::string_view, std::string_view>& opposites() {
  static const std::map<std::string_view, std::string_view> all = {
      {"to_lowercase", "to_uppercase"},
      {"to_uppercase", "to_lowercase"},
      {"to_ascii_lowercase", "to_ascii_uppercase"},
      {"to_ascii_uppercase", "to_ascii_lowercase"},
      {"is_lowercase", "is_uppercase"},
      {"is_uppercase", "is_lowercase"},
      {"starts_with", "ends_with"},
      {"ends_with", "starts_with"},
      {"find", "rfind"},
      {"rfind", "find"},
      {"trim_start", "trim_end"},
      {"trim_end", "trim_start"},
      {"floor", "ceil"},
      {"ceil", "floor"},
      {"min", "max"},
      {"max", "min"},
      {"any", "all"},
      {"all", "any"},
      {"first", "last"},
      {"last", "first"},
      {"next", "last"},
      {"push_back", "push_front"},
      {"push_front", "push_back"},
      {"pop_back", "pop_front"},
      {"pop_front", "pop_back"},
      {"is_some", "is_none"},
      {"is_none", "is_some"},
      {"is_ok", "is_err"},
      {"is_err", "is_ok"},
      {"wrapping_add", "wrapping_sub"},
      {"wrapping_sub", "wrapping_add"},
      {"checked_add", "checked_sub"},
      {"checked_sub", "checked_add"},
      {"saturating_sub", "saturating_add"},
      {"saturating_add", "saturating_sub"}};
  return all;
}

// Methods that give the same kind of thing as they are called on.
bool keeps_kind(std::string_view method) {
  static const std::set<std::string_view> all = {"trim",
                                                 "rev",
                                                 "abs",
                                                 "skip",
                                                 "take",
                                                 "filter",
                                                 "step_by",
                                                 "chain",
                                                 "pow",
                                                 "dedup",
                                                 "floor",
                                                 "ceil",
                                                 "round",
                                                 "trim_start",
                                                 "trim_end",
                                                 "saturating_sub",
                                                 "skip_while",
                                                 "take_while",
                                                 "min",
                                                 "max",
                                                 "to_lowercase",
                                                 "to_uppercase",
                                                 "sqrt",
                                                 "to_ascii_lowercase",
                                                 "to_ascii_uppercase"};
  return all.contains(method);
}

void change_statement(Node node, std::string_view text, std::vector<NodeChange>& out) {
  if (node.type() == "expression_statement") {
    const Node inner = node.named_child(0);
    const std::string_view kind = inner.type();
    if (kind == "call_expression" || kind == "try_expression")
      out.push_back({node, "", "a call is left out"});
    if (kind == "return_expression") out.push_back({node, "", "a return is left out"});
    if (kind == "assignment_expression" || kind == "compound_assignment_expr")
      out.push_back({node, "", "an assignment is left out"});
  } else if (node.type() == "break_expression" && node.named_child_count() == 0) {
    out.push_back({node, "continue", "break becomes continue"});
  } else if (node.type() == "continue_expression" && node.named_child_count() == 0) {
    out.push_back({node, "break", "continue becomes break"});
  } else if (node.type() == "if_expression") {
    const Node condition = node.field("condition");
    const std::string inner(condition.text(text));
    if (inner.size() < kConditionMax && condition.type() != "let_condition" &&
        condition.type() != "let_chain")
      out.push_back({condition, "!(" + inner + ")", "a condition is turned round"});
  } else if (node.type() == "match_pattern" && node.field("condition")) {
    out.push_back({node.field("condition"), "true", "a guard is left out"});
    out.push_back({node.field("condition"), "false", "a guard never holds"});
  }
}

// Methods that take a place.
bool takes_place(std::string_view method) {
  static const std::set<std::string_view> all = {
      "insert", "remove", "get", "nth", "swap", "drain", "take", "truncate", "skip", "split_at"};
  return all.contains(method);
}

// What a function gives, where its last line is no statement.
bool is_result(Node node) {
  if (node.type().ends_with("_statement") || node.type().ends_with("_declaration") ||
      node.type().ends_with("comment") || node.type().ends_with("_item") || node.next())
    return false;
  const Node around = node.parent();
  return (around.type() == "block" && around.parent().type() == "function_item" &&
          around.parent().field("return_type")) ||
         (around.type() == "return_expression" && node.is_named());
}

void change_arguments(Node node, std::string_view method, std::string_view text,
                      std::vector<NodeChange>& out) {
  const Node arguments = node.field("arguments");
  const Node first = arguments.named_child(0);
  if (takes_place(method) && first.type().ends_with("_expression"))
    out.push_back({first, "0", "a place is 0"});
  if (method == "contains" && arguments.named_child_count() == 1)
    out.push_back({node,
                   fmt::format("({}.last() == Some({}))",
                               node.field("function").field("value").text(text), first.text(text)),
                   "contains() looks at the last one only"});
}

void change_call(Node node, std::string_view text, std::vector<NodeChange>& out) {
  const Node called = node.field("function");
  if (called.text(text) == "Some") out.push_back({node, "None", "Some() becomes None"});
  if (called.type() != "field_expression") return;
  const std::string_view method = called.field("field").text(text);
  change_arguments(node, method, text, out);
  if (!keeps_kind(method) || node.parent().type() == "expression_statement") return;
  const std::string object(called.field("value").text(text));
  out.push_back({node, object, fmt::format("{}() is left out", method)});
  // What is called on a reference may give what that refers to.
  if (called.field("value").type() == "identifier")
    out.push_back({node, "(*" + object + ")", fmt::format("{}() is left out", method)});
}

// leyden:ignore common.complex-function a case a kind of node
void change_expression(Node node, std::string_view text, std::vector<NodeChange>& out) {
  const std::string_view type = node.type();
  const Node parent = node.parent();
  const std::string said(node.text(text));
  if (is_result(node)) out.push_back({node, "Default::default()", "an empty value is returned"});
  if (type == "boolean_literal") {
    out.push_back({node, said == "true" ? "false" : "true", "a truth value is turned round"});
  } else if (type == "float_literal") {
    out.push_back({node, "(" + said + " + 1.0)", said + " becomes one more"});
  } else if (type == "unary_expression") {
    if (said.starts_with('-') || said.starts_with('!'))
      out.push_back({node, "(" + std::string(node.named_child(0).text(text)) + ")",
                     said.starts_with('-') ? "a minus is left out" : "not is left out"});
  } else if (type == "binary_expression") {
    const std::string_view sign = node.field("operator").text(text);
    if (sign == "+" || sign == "-" || sign == "%" || sign == "*" || sign == "/")
      out.push_back({node, "(" + std::string(node.field("left").text(text)) + ")",
                     fmt::format("what stands behind {} is left out", sign)});
  } else if (type == "compound_assignment_expr") {
    if (node.field("operator").text(text) == "+=")
      out.push_back({node.field("operator"), "=", "+= becomes ="});
  } else if (type == "index_expression") {
    const Node index = node.named_child(1);
    if (index.type() == "identifier") {
      out.push_back({index, fmt::format("{} - 1", index.text(text)), "an index is one less"});
      out.push_back({index, "0", "an index is 0"});
    }
  } else if (type == "range_expression") {
    for (std::uint32_t i = 0; i < node.child_count(); ++i) {
      const std::string_view sign = node.child(i).type();
      if (sign == ".." && i + 1 < node.child_count())
        out.push_back({node.child(i), "..=", ".. becomes ..="});
      if (sign == "..=") out.push_back({node.child(i), "..", "..= becomes .."});
    }
  } else if (type == "field_identifier") {
    const auto other = opposites().find(said);
    if (other != opposites().end() && parent.parent().type() == "call_expression")
      out.push_back({node, std::string(other->second),
                     fmt::format("{} becomes {}", other->first, other->second)});
  } else if (type == "call_expression") {
    change_call(node, text, out);
  } else if (type == "string_literal") {
    if (said.starts_with('"') && said.size() > 2 && said.size() < kTextMax &&
        parent.type() != "token_tree")
      out.push_back({node, "\"leyden\"", "a text is another"});
  } else if (type == "char_literal") {
    out.push_back({node, said == "'q'" ? "'k'" : "'q'", "a character is another"});
  }
}

}  // namespace

bool is_silent_in_rust(Node node, std::string_view text) {
  static const std::set<std::string_view> kTypes = {
      "attribute_item", "inner_attribute_item", "line_comment", "block_comment",
      "type_arguments", "array_type",           "parameters",   "macro_definition"};
  static const std::set<std::string_view> kMacros = {
      "panic",        "assert",        "assert_eq",       "assert_ne", "unreachable",
      "todo",         "unimplemented", "println",         "eprintln",  "print",
      "debug_assert", "debug",         "debug_assert_eq", "info",      "warn",
      "error",        "trace",         "eprint",          "dbg"};
  if (kTypes.contains(node.type())) return true;
  return node.type() == "macro_invocation" && kMacros.contains(node.field("macro").text(text));
}

std::vector<NodeChange> rust_changes(Node node, std::string_view text) {
  std::vector<NodeChange> out;
  change_statement(node, text, out);
  change_expression(node, text, out);
  return out;
}

}  // namespace leyden::qa
