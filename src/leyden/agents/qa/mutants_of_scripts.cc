#include "leyden/agents/qa/mutants_of_scripts.h"

#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

using syntax::Node;
using Words = std::set<std::string_view>;
using Opposites = std::map<std::string_view, std::string_view>;

constexpr std::size_t kConditionBytesMax = 400;
constexpr std::size_t kTextBytesMax = 60;

// What Ruby and PHP have in common: nodes of other names, changes of the same kind.
class Changes {
 public:
  explicit Changes(std::string_view text) : text_(text) {}

  void add(Node node, std::string text, std::string what) {
    if (node) out_.push_back({node, std::move(text), std::move(what)});
  }
  [[nodiscard]] std::string text(Node node) const { return std::string(node.text(text_)); }

  void turn_round(Node condition) {
    if (condition && condition.end() - condition.begin() < kConditionBytesMax)
      add(condition, "(!(" + text(condition) + "))", "a condition is turned round");
  }
  void keep_left(Node operation) {
    const std::string sign = text(operation.field("operator"));
    static const Words kSigns = {"+", "-", "%", "*", "/", "."};
    if (kSigns.contains(sign))
      add(operation, "(" + text(operation.field("left")) + ")",
          fmt::format("what stands behind {} is left out", sign));
  }
  // A regular expression that minds the case of letters, or no more.
  void turn_case(Node pattern, std::string_view quote) {
    std::string changed = text(pattern);
    const std::string ends = "/i" + std::string(quote);
    const bool ignores = changed.ends_with(ends);
    if (!ignores && !changed.ends_with("/" + std::string(quote))) return;
    if (ignores) {
      changed.erase(changed.size() - quote.size() - 1, 1);
    } else {
      changed.insert(changed.size() - quote.size(), "i");
    }
    add(pattern, std::move(changed), ignores ? "case matters" : "case does not matter");
  }
  void turn_into_opposite(Node name, const Opposites& opposites) {
    const std::string known = text(name);
    if (const auto other = opposites.find(known); other != opposites.end())
      add(name, std::string(other->second), fmt::format("{} becomes {}", known, other->second));
  }
  [[nodiscard]] std::vector<NodeChange> take() { return std::move(out_); }

 private:
  std::string_view text_;
  std::vector<NodeChange> out_;
};

bool is_statement_of_ruby(Node node) {
  static const Words kBodies = {"body_statement", "then",   "else",   "do",
                                "block_body",     "ensure", "rescue", "if_modifier",
                                "unless_modifier"};
  return kBodies.contains(node.parent().type()) &&
         (!node.parent().type().ends_with("_modifier") || node.parent().field("body") == node);
}

void change_ruby_call(Node node, Changes& out) {
  static const Opposites kOpposites = {{"max", "min"},
                                       {"min", "max"},
                                       {"first", "last"},
                                       {"last", "first"},
                                       {"push", "unshift"},
                                       {"unshift", "push"},
                                       {"pop", "shift"},
                                       {"shift", "pop"},
                                       {"upcase", "downcase"},
                                       {"downcase", "upcase"},
                                       {"any?", "all?"},
                                       {"all?", "any?"},
                                       {"select", "reject"},
                                       {"reject", "select"},
                                       {"filter", "reject"},
                                       {"floor", "ceil"},
                                       {"ceil", "floor"},
                                       {"even?", "odd?"},
                                       {"odd?", "even?"},
                                       {"max_by", "min_by"},
                                       {"min_by", "max_by"},
                                       {"ljust", "rjust"},
                                       {"rjust", "ljust"},
                                       {"start_with?", "end_with?"},
                                       {"end_with?", "start_with?"},
                                       {"upto", "downto"},
                                       {"positive?", "negative?"},
                                       {"negative?", "positive?"},
                                       {"take", "drop"},
                                       {"drop", "take"},
                                       {"take_while", "drop_while"},
                                       {"index", "rindex"},
                                       {"each_slice", "each_cons"},
                                       {"keys", "values"},
                                       {"values", "keys"},
                                       {"none?", "any?"},
                                       {"sub", "gsub"},
                                       {"gsub", "sub"}};
  out.turn_into_opposite(node.field("method"), kOpposites);
  const Node receiver = node.field("receiver");
  const std::string method = out.text(node.field("method"));
  if (is_statement_of_ruby(node)) out.add(node, "nil", "a call is left out");
  // What gives the same kind of thing as it takes.
  static const Words kOfOneKind = {"select", "reject", "sort_by", "map",  "uniq",   "compact",
                                   "tr",     "gsub",   "delete",  "take", "filter", "rjust",
                                   "ljust",  "round",  "squeeze", "drop", "rotate", "center"};
  const bool plain = !node.field("arguments") && !node.field("block");
  if (receiver && receiver.type() != "constant" && receiver.type() != "self" && method != "new" &&
      method != "call" && (plain || kOfOneKind.contains(method)))
    out.add(node, out.text(receiver), fmt::format("{} is left out", method));
}

}  // namespace

// leyden:ignore common.complex-function a case a kind of node
std::vector<NodeChange> ruby_changes(Node node, std::string_view text) {
  Changes out(text);
  const std::string_view type = node.type();
  static const Words kConditional = {"if",          "unless",          "elsif",
                                     "if_modifier", "unless_modifier", "conditional"};
  if (kConditional.contains(type)) {
    out.turn_round(node.field("condition"));
  } else if (type == "call") {
    change_ruby_call(node, out);
  } else if (type == "binary") {
    out.keep_left(node);
    if (is_statement_of_ruby(node) && out.text(node.field("operator")) == "<<")
      out.add(node, "nil", "an element is not added");
  } else if (type == "unary") {
    out.add(node, "(" + out.text(node.field("operand")) + ")",
            fmt::format("{} is left out", out.text(node.field("operator"))));
  } else if (type == "operator_assignment" ||
             (type == "assignment" && node.field("left").type() != "identifier")) {
    if (is_statement_of_ruby(node)) out.add(node, "nil", "an assignment is left out");
  } else if (type == "range") {
    const bool open = out.text(node.field("operator")) == "...";
    if (node.field("end"))
      out.add(node.field("operator"), open ? ".." : "...", "a range's end is in or out");
  } else if (type == "return" && node.named_child_count() > 0) {
    out.add(node, "return nil", "nil is returned");
  } else if (type == "next" || type == "break") {
    out.add(node, type == "next" ? "break" : "next",
            type == "next" ? "next becomes break" : "break becomes next");
  } else if (type == "string" && node.named_child_count() == 1 &&
             node.end() - node.begin() < kTextBytesMax) {
    out.add(node, "\"leyden\"", "a text is another");
  } else if (type == "regex") {
    out.turn_case(node, "");
  } else if (type == "element_reference" && out.text(node.named_child(1)) == "0") {
    out.add(node.named_child(1), "-1", "the first becomes the last");
  } else if (type == "element_reference" && node.named_child(1).type() == "identifier") {
    out.add(node.named_child(1), "(" + out.text(node.named_child(1)) + " - 1)",
            "an index is one less");
  }
  return out.take();
}

namespace {

void change_php_call(Node node, Changes& out) {
  static const Opposites kOpposites = {{"max", "min"},
                                       {"min", "max"},
                                       {"floor", "ceil"},
                                       {"ceil", "floor"},
                                       {"strtoupper", "strtolower"},
                                       {"strtolower", "strtoupper"},
                                       {"array_push", "array_unshift"},
                                       {"array_pop", "array_shift"},
                                       {"array_shift", "array_pop"},
                                       {"str_starts_with", "str_ends_with"},
                                       {"sort", "rsort"},
                                       {"rsort", "sort"},
                                       {"ksort", "krsort"},
                                       {"asort", "arsort"},
                                       {"ltrim", "rtrim"},
                                       {"rtrim", "ltrim"},
                                       {"array_keys", "array_values"},
                                       {"array_key_first", "array_key_last"},
                                       {"strpos", "strrpos"},
                                       {"array_sum", "count"}};
  const Node name = node.field("function");
  out.turn_into_opposite(name, kOpposites);
  // What gives the same kind of thing as it takes.
  static const Words kOfOneKind = {
      "trim",    "strrev",       "array_unique", "array_reverse", "strtolower", "strtoupper",
      "abs",     "array_values", "array_filter", "ucfirst",       "lcfirst",    "round",
      "floor",   "ceil",         "intval",       "rtrim",         "ltrim",      "ucwords",
      "str_pad", "substr",       "array_slice",  "sqrt",          "intdiv"};
  const Node first = node.field("arguments").named_child(0);
  if (first && kOfOneKind.contains(out.text(name)))
    out.add(node, "(" + out.text(first) + ")", fmt::format("{} is left out", out.text(name)));
}

void change_php_statement(Node node, Changes& out) {
  static const Words kLeftOut = {"function_call_expression", "member_call_expression",
                                 "scoped_call_expression", "update_expression",
                                 "augmented_assignment_expression"};
  const Node inner = node.named_child(0);
  const bool element = inner.type() == "assignment_expression" &&
                       inner.field("left").type() != "variable_name" &&
                       inner.field("left").type() != "list_literal";
  if (kLeftOut.contains(inner.type()) || element) out.add(node, ";", "a statement is left out");
}

}  // namespace

// leyden:ignore common.complex-function a case a kind of node
std::vector<NodeChange> php_changes(Node node, std::string_view text) {
  Changes out(text);
  const std::string_view type = node.type();
  const std::string_view parent = node.parent().type();
  if (type == "boolean") {
    const std::string value = out.text(node);
    out.add(node, value == "true" || value == "TRUE" ? "false" : "true",
            "a truth value is turned round");
  } else if (type == "else_if_clause") {
    const Node condition = node.field("condition");
    out.add(condition, "(!" + out.text(condition) + ")", "a condition is turned round");
  } else if (type == "function_call_expression") {
    change_php_call(node, out);
  } else if (type == "binary_expression") {
    out.keep_left(node);
  } else if (type == "unary_op_expression") {
    out.add(node, "(" + out.text(node.field("argument")) + ")",
            fmt::format("{} is left out", out.text(node.field("operator"))));
  } else if (type == "update_expression") {
    const Node sign = node.field("operator");
    const bool up = out.text(sign) == "++";
    if (parent != "for_statement")  // It would run for ever.
      out.add(sign, up ? "--" : "++", up ? "++ becomes --" : "-- becomes ++");
  } else if (type == "expression_statement") {
    change_php_statement(node, out);
  } else if (type == "return_statement" && node.named_child_count() > 0 &&
             node.named_child(0).type() != "null") {
    out.add(node.named_child(0), "null", "null is returned");
  } else if ((type == "string" || type == "encapsed_string") && node.named_child_count() == 1 &&
             node.named_child(0).type() == "string_content" &&
             node.end() - node.begin() < kTextBytesMax && parent != "array_element_initializer" &&
             parent != "subscript_expression") {
    const std::string text_of = out.text(node);
    if (text_of.starts_with("'/") || text_of.starts_with("\"/"))
      out.turn_case(node, text_of.substr(0, 1));
    out.add(node, "'leyden'", "a text is another");
  } else if (type == "subscript_expression" && node.named_child(1).type() == "variable_name") {
    out.add(node.named_child(1), "(" + out.text(node.named_child(1)) + " - 1)",
            "an index is one less");
  }
  return out.take();
}

}  // namespace leyden::qa
