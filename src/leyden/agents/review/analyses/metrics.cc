#include "leyden/agents/review/analyses/metrics.h"

#include <algorithm>
#include <array>

#include "leyden/agents/review/code_shape.h"

namespace leyden::review {
namespace {

using syntax::Node;

Node body_of(Node function) {
  const Node body = function.field("body");
  return body ? body : function.field("block");
}

std::string name_of(const CodeModel& model, Node function) {
  Node name = function.field("name");
  for (Node inner = function.field("declarator"); !name && inner;
       inner = inner.field("declarator")) {
    if (!inner.field("declarator")) name = inner;
  }
  return name ? std::string(model.text(name)) : "this function";
}

// Functions with a body and a name; what stands in a function's function counts for both.
template <class Measure>
void for_each_function(const CodeModel& model, const Rule& rule, const ReportHit& report,
                       Measure&& measure) {
  for (const Node function : model.functions()) {
    const Node body = body_of(function);
    if (!body) continue;
    const double value = measure(function, body);
    if (value <= rule.limit) continue;
    const std::string_view head =
        model.file()
            .line(function.first_line())
            .substr(function.begin() - model.file().line_begin(function.first_line()));
    report({.begin = function.begin(),
            .end = std::min(function.begin() + head.size(), function.end()),
            .names = {{"name", name_of(model, function)},
                      {"value", fmt::format("{:.0f}", value)},
                      {"limit", fmt::format("{:.0f}", rule.limit)}}});
  }
}

constexpr auto kForks = std::to_array<std::string_view>({
    "if_statement",
    "elif_clause",
    "if_expression",
    "if",
    "unless",
    "elsif",
    "else_if_clause",
    "if_modifier",
    "unless_modifier",  //
    "conditional_expression",
    "ternary_expression",
    "conditional",  //
    "switch_case",
    "case_statement",
    "case_clause",
    "match_arm",
    "when",  //
    "expression_case",
    "type_case",
    "communication_case",
    "switch_rule",  //
    "switch_block_statement_group",
    "match_conditional_expression",  //
    "except_clause",
    "catch_clause",
    "rescue",
});

// Where the way forks: one for each condition, case and handler.
bool forks(const CodeModel& model, Node node) {
  const std::string_view type = node.type();
  switch (shape_of(model.language(), node)) {
    case Shape::loop:
      return type != "loop_expression";
    case Shape::branch:
      return std::ranges::find(kForks, type) != kForks.end();
    case Shape::operation: {
      const std::string_view sign = model.text(node.field("operator"));
      return sign == "&&" || sign == "||" || sign == "and" || sign == "or";
    }
    default:
      return false;
  }
}

}  // namespace

void find_complex_functions(const CodeModel& model, const Rule& rule, const ReportHit& report) {
  for_each_function(model, rule, report, [&](Node, Node body) {
    double ways = 1;
    model.file().walk_below(body, [&](Node node) {
      if (node != body && shape_of(model.language(), node) == Shape::function) return false;
      ways += forks(model, node) ? 1 : 0;
      return true;
    });
    return ways;
  });
}

void find_long_functions(const CodeModel& model, const Rule& rule, const ReportHit& report) {
  for_each_function(model, rule, report, [&](Node function, Node) {
    std::size_t lines = 0;
    for (std::size_t line = function.first_line(); line <= function.last_line(); ++line) {
      const std::string_view text = model.file().line(line);
      const std::size_t begin = text.find_first_not_of(" \t\r");
      if (begin == std::string_view::npos) continue;
      const std::string_view rest = text.substr(begin);
      const bool comment = rest.starts_with("//") || rest.starts_with("#") ||
                           rest.starts_with("*") || rest.starts_with("/*");
      lines += comment ? 0 : 1;
    }
    return static_cast<double>(lines);
  });
}

void find_deep_nesting(const CodeModel& model, const Rule& rule, const ReportHit& report) {
  for_each_function(model, rule, report, [&](Node, Node body) {
    // Ends of the branches and loops around, innermost last. An `else if` is no level of its own.
    std::vector<std::size_t> ends;
    std::size_t deepest = 0;
    model.file().walk_below(body, [&](Node node) {
      while (!ends.empty() && ends.back() <= node.begin()) ends.pop_back();
      const Shape shape = shape_of(model.language(), node);
      if (node != body && shape == Shape::function) return false;
      const std::string_view type = node.type();
      const bool level = shape == Shape::loop || type == "if_statement" ||
                         type == "if_expression" || type == "if" || type == "switch_statement" ||
                         type == "match_expression" || type == "try_statement" ||
                         type == "with_statement" || type == "unless" ||
                         type == "expression_switch_statement";
      if (level) {
        const bool chained = type.starts_with("if") && !ends.empty() && ends.back() == node.end() &&
                             node.parent().type() != "block" &&
                             node.parent().type() != "compound_statement" &&
                             node.parent().type() != "statement_block";
        if (!chained) {
          ends.push_back(node.end());
          deepest = std::max(deepest, ends.size());
        }
      }
      return true;
    });
    return static_cast<double>(deepest);
  });
}

void find_many_parameters(const CodeModel& model, const Rule& rule, const ReportHit& report) {
  for_each_function(model, rule, report, [&](Node function, Node) {
    Node list = function.field("parameters");
    for (Node inner = function.field("declarator"); inner && !list;
         inner = inner.field("declarator"))
      list = inner.field("parameters");
    double count = 0;
    for (std::uint32_t i = 0; i < list.named_child_count(); ++i) {
      const Node one = list.named_child(i);
      const std::string_view text = model.text(one);
      if (shape_of(model.language(), one) != Shape::comment && text != "self" && text != "cls" &&
          text != "void" && text != "/" && text != "*" && !text.starts_with("&self") &&
          !text.starts_with("&mut self"))
        ++count;
    }
    return count;
  });
}

}  // namespace leyden::review
