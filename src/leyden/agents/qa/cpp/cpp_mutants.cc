#include "leyden/agents/qa/cpp/cpp_mutants.h"

#include <map>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

using syntax::Node;

// What break would end.
bool is_in_loop(Node node) {
  Node around = node.parent();
  while (around.type() == "compound_statement" || around.type() == "if_statement" ||
         around.type() == "else_clause")
    around = around.parent();
  return around.type() == "for_statement" || around.type() == "while_statement" ||
         around.type() == "do_statement" || around.type() == "for_range_loop";
}

// As `f(...)`, `a.f(...)` or `ns::f(...)`.
bool is_called(Node name) {
  Node called = name;
  while (called.parent().type() == "qualified_identifier" ||
         called.parent().type() == "field_expression")
    called = called.parent();
  return called.parent().type() == "call_expression" && called.parent().field("function") == called;
}

std::string_view opposite_of(std::string_view name) {
  static const std::map<std::string_view, std::string_view> all = {
      {"min", "max"},
      {"max", "min"},
      {"floor", "ceil"},
      {"ceil", "floor"},
      {"any_of", "all_of"},
      {"all_of", "any_of"},
      {"front", "back"},
      {"back", "front"},
      {"push_back", "push_front"},
      {"tolower", "toupper"},
      {"toupper", "tolower"},
      {"find", "rfind"},
      {"begin", "end"},
      {"find_first_of", "find_last_of"}};
  const auto found = all.find(name);
  return found == all.end() ? std::string_view() : found->second;
}

class Changes {
 public:
  Changes(Node node, std::string_view text, bool is_c)
      : node_(node), parent_(node.parent()), text_(text), is_c_(is_c) {}

  std::vector<NodeChange> take() {
    const std::string_view type = node_.type();
    if (type == "expression_statement") {
      change_statement();
    } else if (type == "return_statement") {
      change_result();
    } else if (type == "string_literal") {
      const std::size_t size = written(node_).size();
      if (size > 2 && size < 60 && parent_.type() != "concatenated_string")
        add(node_, "\"leyden\"", "a text is another");
    } else if (type == "char_literal") {
      add(node_, written(node_) == "'q'" ? "'k'" : "'q'", "a character is another");
    } else if (type == "identifier" || type == "field_identifier") {
      change_name();
    } else {
      change_expression();
    }
    return std::move(out_);
  }

 private:
  void add(Node node, std::string text, std::string what) {
    out_.push_back({.node = node, .text = std::move(text), .what = std::move(what)});
  }
  [[nodiscard]] std::string_view written(Node node) const { return node.text(text_); }

  void change_statement() {
    const std::string_view kind = node_.named_child(0).type();
    if (kind == "call_expression") add(node_, ";", "a call is left out");
    if (kind != "assignment_expression" && kind != "update_expression") return;
    add(node_, ";", "an assignment is left out");
    if (is_in_loop(node_))
      add(node_, fmt::format("{{ {} break; }}", written(node_)), "a loop ends here");
  }

  void change_result() {
    const Node value = node_.named_child(0);
    if (!value) return;
    if (is_c_) {
      add(value, "0", "0 is returned");
    } else if (value.type() != "initializer_list") {
      add(value, "{}", "an empty value is returned");
    }
  }

  void change_name() {
    if (parent_.type() == "subscript_argument_list" ||
        (parent_.type() == "subscript_expression" && parent_.field("index") == node_)) {
      add(node_, fmt::format("({} - 1)", written(node_)), "an index is one less");
      return;
    }
    const std::string_view other = opposite_of(written(node_));
    if (!other.empty() && is_called(node_))
      add(node_, std::string(other), fmt::format("{} becomes {}", written(node_), other));
  }

  void change_expression() {
    const std::string_view type = node_.type();
    const std::string_view sign = written(node_.field("operator"));
    if (type == "call_expression") {
      const Node called = node_.field("function");
      if (node_.field("arguments").named_child_count() == 1 && called.type() == "identifier" &&
          parent_.type() != "expression_statement")
        add(node_, std::string(written(node_.field("arguments"))),
            fmt::format("{}() is left out", written(called)));
    } else if (type == "unary_expression" && (sign == "-" || sign == "!")) {
      add(node_, "(" + std::string(written(node_.field("argument"))) + ")",
          fmt::format("{} is left out", sign == "-" ? "a minus" : "not"));
    } else if (type == "binary_expression" && sign.size() == 1 &&
               std::string_view("+-%*/").find(sign) != std::string_view::npos) {
      add(node_, "(" + std::string(written(node_.field("left"))) + ")",
          fmt::format("what stands behind {} is left out", sign));
    } else if (type == "update_expression" &&
               parent_.type() != "for_statement") {  // It would run for ever.
      const bool up = sign == "++";
      add(node_.field("operator"), up ? "--" : "++", up ? "++ becomes --" : "-- becomes ++");
    }
  }

  Node node_;
  Node parent_;
  std::string_view text_;
  bool is_c_;
  std::vector<NodeChange> out_;
};

}  // namespace

std::vector<NodeChange> cpp_changes(Node node, std::string_view text, bool is_c) {
  return Changes(node, text, is_c).take();
}

}  // namespace leyden::qa
