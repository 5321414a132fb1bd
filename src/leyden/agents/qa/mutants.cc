#include "leyden/agents/qa/mutants.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/cpp/cpp_mutants.h"
#include "leyden/agents/qa/go/go_mutants.h"
#include "leyden/agents/qa/java/java_mutants.h"
#include "leyden/agents/qa/mutants_of_scripts.h"
#include "leyden/agents/qa/rust/rust_mutants.h"

namespace leyden::qa {
namespace {

using syntax::Language;
using syntax::Node;

constexpr std::size_t kDepthMax = 400;

// Signs as tokens of the grammars; most languages write them alike.
const std::map<std::string_view, std::vector<std::string_view>>& signs() {
  static const std::map<std::string_view, std::vector<std::string_view>> all = {
      {"<", {"<=", ">="}}, {"<=", {"<", ">"}}, {">", {">=", "<="}}, {">=", {">", "<"}},
      {"==", {"!="}},      {"!=", {"=="}},     {"===", {"!=="}},    {"!==", {"==="}},
      {"+", {"-"}},        {"-", {"+"}},       {"*", {"+"}},        {"/", {"*"}},
      {"//", {"*"}},       {"%", {"*"}},       {"**", {"*"}},       {"<<", {">>"}},
      {">>", {"<<"}},      {"&", {"|"}},       {"|", {"&"}},        {"^", {"&"}},
      {"&&", {"||"}},      {"||", {"&&"}},     {"and", {"or"}},     {"or", {"and"}},
      {"+=", {"-="}},      {"-=", {"+="}},     {"*=", {"+="}},      {"/=", {"*="}},
      {"//=", {"*="}},     {"%=", {"*="}},     {"|=", {"&="}},      {"&=", {"|="}},
      {"^=", {"|="}},      {"<<=", {">>="}},   {">>=", {"<<="}},    {"is", {"is not"}},
      {"??", {"||"}},      {">>>", {">>"}},    {"**=", {"*="}},     {"&&=", {"||="}},
      {"||=", {"&&="}},    {"is not", {"is"}}, {"in", {"not in"}},  {"not in", {"in"}}};
  return all;
}

bool is_operation(std::string_view type) {
  return type == "comparison_operator" || type == "binary_operator" || type == "boolean_operator" ||
         type == "augmented_assignment" || type == "binary_expression" ||
         type == "assignment_expression" || type == "augmented_assignment_expression" ||
         type == "binary" || type == "operator_assignment" || type == "logical_expression" ||
         type == "compound_assignment_expr" || type == "assignment_statement";
}

class Finder {
 public:
  Finder(Language language, std::string_view text, const Function& function, std::size_t number)
      : language_(language), text_(text), function_(function), number_(number) {}

  std::vector<Mutant> find(Node root) {
    walk(root, 0);
    return std::move(out_);
  }

 private:
  void add(Node node, std::string text, std::string what) {
    add(node.begin(), node.end(), std::move(text), node.first_line(), std::move(what));
  }
  void add(std::size_t begin, std::size_t end, std::string text, std::size_t line,
           std::string what) {
    out_.push_back({.begin = begin,
                    .end = end,
                    .text = std::move(text),
                    .line = line,
                    .function = number_,
                    .what = std::move(what)});
  }

  // What nobody sees who calls the function.
  // leyden:ignore common.complex-function a case a kind of node
  bool is_silent(Node node) const {
    const std::string_view type = node.type();
    if (type == "type" || type == "comment" || type == "raise_statement" ||
        type == "assert_statement" || type == "decorator" || type == "import_statement" ||
        type == "import_from_statement" || type == "throw_statement" || type == "type_annotation" ||
        type == "template_argument_list" || type == "type_descriptor" ||
        type == "static_assert_declaration" || type == "preproc_include" ||
        type == "throw_expression")
      return true;
    if (const Node around = node.parent(); around.type().starts_with("preproc_"))
      return node == around.field("condition");
    if (language_ == Language::go && type == "call_expression" &&
        node.text(text_).starts_with("panic("))
      return true;
    if (language_ == Language::java && (type.ends_with("annotation") || type == "switch_label" ||
                                        type == "explicit_constructor_invocation"))
      return true;
    if (language_ == Language::ruby && type == "call") {
      const std::string_view method = node.field("method").text(text_);
      return !node.field("receiver") &&
             (method == "raise" || method == "fail" || method == "require");
    }
    if (language_ == Language::rust && is_silent_in_rust(node, text_)) return true;
    if (type == "expression_statement" && node.named_child(0).type() == "string") return true;
    if (type == "call" || type == "call_expression") {
      const std::string_view called = node.field("function").text(text_);
      if (called.starts_with("log") || called.find("logger.") != std::string_view::npos ||
          called.find("logging.") != std::string_view::npos)
        return true;
      return called.starts_with("console.") || called == "print";
    }
    return false;
  }

  void walk(Node node, std::size_t depth) {
    if (depth > kDepthMax || node.end() <= function_.begin || node.begin() >= function_.end) return;
    const bool inside = node.begin() >= function_.begin && node.end() <= function_.end;
    if (inside) {
      if (is_silent(node)) return;
      mutate(node);
    }
    for (std::uint32_t i = 0; i < node.child_count(); ++i) walk(node.child(i), depth + 1);
  }

  // leyden:ignore common.complex-function a case a kind of node; a table for each language is to come
  void mutate(Node node) {
    const std::string_view type = node.type();
    const std::string_view parent = node.parent().type();
    if (!node.is_named() || type == "is not" || type == "not in") {
      if (!is_operation(parent)) return;
      // Joining texts has no minus.
      if ((type == "+" || type == "+=" || type == "%") && has_text_operand(node.parent())) return;
      if (const auto sign = signs().find(type); sign != signs().end()) {
        if ((type == "in" || type == "not in" || type == "is" || type == "is not") &&
            language_ != Language::python)
          return;
        if (type == "//" && language_ != Language::python) return;
        for (const std::string_view other : sign->second)
          add(node, std::string(other), fmt::format("{} becomes {}", type, other));
      }
      return;
    }
    const std::string text(node.text(text_));
    if (type == "integer" || type == "number" || type == "number_literal" ||
        type == "int_literal" || type == "integer_literal" || type == "decimal_integer_literal") {
      std::int64_t value = 0;
      bool plain = !text.empty() && text.size() < 16;
      for (const char c : text) {
        plain = plain && c >= '0' && c <= '9';
        if (plain) value = value * 10 + (c - '0');
      }
      if (type == "number" && text.find('.') != std::string::npos)
        add(node, "(" + text + " + 1)", text + " becomes one more");
      if (!plain) return;
      add(node, std::to_string(value + 1), fmt::format("{} becomes {}", value, value + 1));
      if (value > 1)
        add(node, std::to_string(value - 1), fmt::format("{} becomes {}", value, value - 1));
    } else if (type == "float") {
      add(node, "(" + text + " + 1)", text + " becomes one more");
    } else if (type == "true" || type == "false") {
      const bool capital = language_ == Language::python;
      add(node, type == "true" ? (capital ? "False" : "false") : (capital ? "True" : "true"),
          "a truth value is turned round");
    } else if (language_ == Language::ruby || language_ == Language::php) {
      const auto changes = language_ == Language::ruby ? ruby_changes : php_changes;
      for (NodeChange& one : changes(node, text_))
        add(one.node, std::move(one.text), std::move(one.what));
      if (language_ == Language::php) mutate_branch(node);
    } else if (language_ == Language::go || language_ == Language::java) {
      const auto changes = language_ == Language::go ? go_changes : java_changes;
      for (NodeChange& one : changes(node, text_))
        add(one.node, std::move(one.text), std::move(one.what));
      mutate_branch(node);
    } else if (language_ == Language::rust) {
      for (NodeChange& one : rust_changes(node, text_))
        add(one.node, std::move(one.text), std::move(one.what));
    } else if (language_ == Language::cpp || language_ == Language::c) {
      for (NodeChange& one : cpp_changes(node, text_, language_ == Language::c)) {
        if (!is_silent(one.node.named_child(0)))
          add(one.node, std::move(one.text), std::move(one.what));
      }
      mutate_branch(node);
    } else if ((language_ == Language::python && mutate_expression(node)) ||
               (language_ == Language::javascript && mutate_javascript(node)) ||
               mutate_branch(node)) {
      return;
    } else if (type == "not_operator") {
      add(node, std::string(node.field("argument").text(text_)), "not is left out");
    } else if (type == "expression_statement" && language_ == Language::python) {
      const Node inner = node.named_child(0);
      if (inner.type() == "call" && !is_silent(inner)) add(node, "pass", "a call is left out");
      if (inner.type() == "augmented_assignment") add(node, "pass", "an assignment is left out");
      if (inner.type() == "assignment" && inner.field("left").type() != "identifier" &&
          inner.field("left").type() != "pattern_list")
        add(node, "pass", "an assignment is left out");
    } else if (type == "return_statement" && language_ == Language::python) {
      const Node value = node.named_child(0);
      if (value && value.type() != "none" && value.type() != "comment")
        add(value, "None", "None is returned");
    } else if (type == "string" && language_ == Language::python &&
               parent != "expression_statement" && text.size() < 60 &&
               text.find_first_of("fF") != 0 && text.size() > 2) {
      if (parent != "call" && parent != "pair" && parent != "subscript")
        add(node, "\"leyden\"", "a text is another");
    }
  }

  // Statements end with their line.
  bool is_bare() const { return language_ == Language::python || language_ == Language::go; }

  // Conditions, and what leaves a loop.
  bool mutate_branch(Node node) {
    const std::string_view type = node.type();
    if (type == "break_statement") {
      add(node, is_bare() ? "continue" : "continue;", "break becomes continue");
    } else if (type == "continue_statement") {
      add(node, is_bare() ? "break" : "break;", "continue becomes break");
    } else if (type == "if_statement" || type == "elif_clause" || type == "while_statement" ||
               type == "conditional_expression" || type == "ternary_expression") {
      Node condition = node.field("condition");
      if (type == "conditional_expression" && language_ == Language::python)
        condition = node.named_child(1);
      if (condition && condition.text(text_).size() < 400) {
        const std::string inner(condition.text(text_));
        if (type != "while_statement")
          add(condition,
              language_ == Language::python ? "(not (" + inner + "))"
              : inner.starts_with('(')      ? "(!" + inner + ")"
                                            : "(!(" + inner + "))",
              "a condition is turned round");
      }
    } else {
      return false;
    }
    return true;
  }

  // Parts of Python's expressions that can be left out.
  bool mutate_expression(Node node) {
    const std::string_view type = node.type();
    const std::string_view parent = node.parent().type();
    if (type == "call" && parent != "expression_statement") {
      const Node called = node.field("function");
      if (called.type() != "attribute" || node.field("arguments").named_child_count() > 0)
        return false;
      add(node, std::string(called.field("object").text(text_)),
          fmt::format("{}() is left out", called.field("attribute").text(text_)));
    } else if (type == "unary_operator" && node.text(text_).starts_with('-')) {
      add(node, std::string(node.field("argument").text(text_)), "a minus is left out");
    } else if (type == "binary_operator") {
      const std::string_view sign = node.field("operator").text(text_);
      if (sign == "+" || sign == "-" || sign == "%" || sign == "//" || sign == "*")
        add(node, std::string(node.field("left").text(text_)),
            fmt::format("what stands behind {} is left out", sign));
    } else if (type == "if_clause" && node.end() - node.begin() < 200) {
      add(node, "", "a filter is left out");
    } else if (type == "identifier" && parent == "subscript" &&
               node.parent().field("subscript") == node) {
      add(node, fmt::format("({} - 1)", node.text(text_)), "an index is one less");
    } else {
      return false;
    }
    return true;
  }

  // Parts of JavaScript's statements and expressions that can be left out, and methods that have an opposite.
  // leyden:ignore common.complex-function to be taken apart, as the Python side was
  bool mutate_javascript(Node node) {
    const std::string_view type = node.type();
    const Node parent = node.parent();
    const auto without = [&](std::string_view field, std::string what) {
      const Node kept = node.field(field);
      if (kept) add(node, "(" + std::string(kept.text(text_)) + ")", std::move(what));
    };
    if (type == "call_expression" && parent.type() != "expression_statement") {
      mutate_javascript_call(node);
    } else if (type == "property_identifier" && parent.type() == "member_expression" &&
               parent.parent().type() == "call_expression" &&
               parent.parent().field("function") == parent) {
      static const std::map<std::string_view, std::string_view> kOpposites = {
          {"max", "min"},
          {"min", "max"},
          {"floor", "ceil"},
          {"ceil", "floor"},
          {"some", "every"},
          {"every", "some"},
          {"push", "unshift"},
          {"unshift", "push"},
          {"pop", "shift"},
          {"shift", "pop"},
          {"padStart", "padEnd"},
          {"padEnd", "padStart"},
          {"startsWith", "endsWith"},
          {"endsWith", "startsWith"},
          {"toLowerCase", "toUpperCase"},
          {"toUpperCase", "toLowerCase"},
          {"indexOf", "lastIndexOf"},
          {"lastIndexOf", "indexOf"}};
      const auto other = kOpposites.find(node.text(text_));
      if (other == kOpposites.end()) return false;
      add(node, std::string(other->second),
          fmt::format("{} becomes {}", other->first, other->second));
    } else if (type == "unary_expression") {
      const std::string_view sign = node.field("operator").text(text_);
      if (sign == "-") without("argument", "a minus is left out");
      if (sign == "!") without("argument", "not is left out");
    } else if (type == "binary_expression") {
      const std::string_view sign = node.field("operator").text(text_);
      if (sign == "+" || sign == "-" || sign == "%" || sign == "*" || sign == "/")
        without("left", fmt::format("what stands behind {} is left out", sign));
      if (sign == "||" && node.field("operator"))
        add(node.field("operator"), "??", "|| becomes ??");
    } else if (type == "augmented_assignment_expression") {
      const std::string_view sign = node.field("operator").text(text_);
      const Node right = node.field("right");
      if ((sign == "+=" || sign == "-=") && right.type() == "identifier")
        add(right, fmt::format("({} + 1)", right.text(text_)), "what is added is one more");
      return false;
    } else if (type == "update_expression") {
      if (parent.type() == "for_statement") return true;  // It would run for ever.
      const bool up = node.field("operator").text(text_) == "++";
      add(node.field("operator"), up ? "--" : "++", up ? "++ becomes --" : "-- becomes ++");
    } else if (type == "identifier" && parent.type() == "subscript_expression" &&
               parent.field("index") == node) {
      add(node, fmt::format("({} - 1)", node.text(text_)), "an index is one less");
    } else if (type == "return_statement") {
      const Node value = node.named_child(0);
      if (value && value.type() != "undefined" && value.type() != "comment")
        add(value, "undefined", "undefined is returned");
    } else if (type == "expression_statement") {
      const Node inner = node.named_child(0);
      const std::string_view kind = inner.type();
      if ((kind == "call_expression" && !is_silent(inner)) || kind == "await_expression")
        add(node, ";", "a call is left out");
      if (kind == "augmented_assignment_expression" || kind == "update_expression" ||
          (kind == "assignment_expression" && inner.field("left").type() != "identifier"))
        add(node, ";", "an assignment is left out");
    } else if (type == "string") {
      const std::string_view text = node.text(text_);
      if (text.size() > 2 && text.size() < 60 && parent.type() != "expression_statement" &&
          parent.type() != "arguments" && parent.type() != "subscript_expression" &&
          !(parent.type() == "pair" && parent.field("key") == node))
        add(node, "\"leyden\"", "a text is another");
    } else {
      return false;
    }
    return true;
  }

  void mutate_javascript_call(Node node) {
    const Node called = node.field("function");
    const Node arguments = node.field("arguments");
    if (called.type() != "member_expression" || arguments.type() != "arguments") return;
    const std::string_view method = called.field("property").text(text_);
    const std::string object(called.field("object").text(text_));
    // What gives the same kind of thing as it takes.
    static const std::set<std::string_view> kOfOneKind = {
        "filter", "sort",    "slice",  "concat",     "padStart",  "padEnd", "reverse", "flat",
        "trim",   "replace", "splice", "replaceAll", "substring", "map",    "repeat"};
    if (object == "Math") {
      if (arguments.named_child_count() == 1)
        add(node, "(" + std::string(arguments.named_child(0).text(text_)) + ")",
            fmt::format("Math.{} is left out", method));
    } else if (arguments.named_child_count() == 0 || kOfOneKind.contains(method)) {
      if (method == "next" || method == "pop" || method == "shift" || object == "super") return;
      add(node, object, fmt::format("{}() is left out", method));
    }
  }

  static bool has_text_operand(Node operation) {
    for (const Node child : operation.named_children()) {
      if (child.type() == "string" || child.type() == "string_literal" ||
          child.type() == "template_string" || child.type() == "encapsed_string" ||
          child.type() == "interpreted_string_literal")
        return true;
    }
    return false;
  }

  Language language_;
  std::string_view text_;
  const Function& function_;
  std::size_t number_;
  std::vector<Mutant> out_;
};

}  // namespace

std::vector<Mutant> mutants_of(const syntax::Tree& tree, std::string_view text,
                               const std::vector<Function>& functions,
                               std::size_t per_function_max) {
  std::vector<Mutant> out;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    std::vector<Mutant> found = Finder(tree.language(), text, functions[i], i).find(tree.root());
    std::erase_if(found, [&](const Mutant& one) {  // `return 0;` gives 0 already.
      return text.substr(one.begin, one.end - one.begin) == one.text;
    });
    const std::size_t wanted = std::min(found.size(), per_function_max);
    for (std::size_t k = 0; k < wanted; ++k)
      out.push_back(std::move(found[k * found.size() / wanted]));
  }
  return out;
}

}  // namespace leyden::qa
