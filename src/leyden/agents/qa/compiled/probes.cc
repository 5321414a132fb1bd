#include "leyden/agents/qa/compiled/probes.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 400;
constexpr std::size_t kConditionBytesMax = 4000;

// Writes the text again from left to right, with what is put in between.
class Prober {
 public:
  Prober(std::string_view text, const ProbeSyntax& syntax) : text_(text), syntax_(syntax) {}

  ProbedSource probe(Node root) {
    walk(root, 0);
    copy_to(text_.size());
    return std::move(out_);
  }

 private:
  void copy_to(std::size_t position) {
    if (position <= at_) return;
    out_.text += text_.substr(at_, position - at_);
    at_ = position;
  }
  void put(std::size_t position, std::string_view text) {
    copy_to(position);
    out_.text += text;
  }

  std::size_t probe_of(Arc arc) {
    out_.probes.push_back(arc);
    return out_.probes.size() - 1;
  }
  std::size_t branch_at(Node node) {
    return probe_of({static_cast<std::int64_t>(node.first_line()),
                     -static_cast<std::int64_t>(out_.probes.size()) - 1});
  }
  std::string line_hit(Node node) {
    const auto line = static_cast<std::int64_t>(node.first_line());
    return fmt::format(fmt::runtime(syntax_.hit), probe_of({line, line}));
  }
  std::string branch_hit(Node node) {
    return fmt::format(fmt::runtime(syntax_.hit), branch_at(node));
  }

  bool is_executed(Node statement) const {
    if (syntax_.statements.contains(statement.type())) return true;
    return std::ranges::any_of(statement.named_children(), [&](Node child) {
      return syntax_.initialized.contains(child.type());
    });
  }

  void walk(Node node, std::size_t depth) {
    const std::string_view type = node.type();
    if (depth > kDepthMax || type == "ERROR" || syntax_.left_alone.contains(type)) return;
    if (syntax_.skipped != nullptr && syntax_.skipped(node, text_)) return;
    if (syntax_.functions.contains(type)) {
      walk_function(node, depth);
    } else if (syntax_.blocks.contains(type)) {
      for (const Node child : node.named_children()) walk_statement(child, depth);
    } else if (syntax_.cases.contains(type)) {
      walk_case(node, depth);
    } else if (!syntax_.rule.empty() && type == syntax_.rule) {
      walk_rule(node, depth);
    } else if (is_logical(node)) {
      walk_condition(node, depth);
    } else if (is_directive(node)) {
      for (const Node child : guarded_by(node)) walk(child, depth + 1);
    } else {
      for (const Node child : node.named_children()) walk_part(node, child, depth);
    }
  }

  void walk_function(Node node, std::size_t depth) {
    if (node.has_error()) return;
    for (const Node child : node.named_children()) {
      const bool is_block = child == node.field("body") && syntax_.blocks.contains(child.type());
      if (is_block && !is_first(child.named_child(0))) {
        put(child.begin() + 1, line_hit(head_of(node)));
      }
      walk(child, depth + 1);
    }
  }

  static Node head_of(Node function) {
    for (const char* field : {"declarator", "name"}) {
      if (const Node head = function.field(field)) return head;
    }
    return function;
  }

  // A condition, what it governs, or anything else of a node.
  void walk_part(Node node, Node child, std::size_t depth) {
    const std::string_view type = node.type();
    if (child == node.field("condition") && syntax_.conditional.contains(type)) {
      const bool constant = node.text(text_).starts_with("if constexpr");
      return constant ? walk(child, depth + 1) : walk_condition(child, depth + 1);
    }
    if (is_bare_condition(node, child)) return walk_condition(child, depth + 1);
    if (syntax_.arms.contains(type) &&
        (child == node.field("value") || child == node.field("body")))
      return walk_arm(node, child, depth);
    const bool governed = child == node.field("body") || child == node.field("consequence") ||
                          (child == node.field("alternative") && child.type() != "if_statement" &&
                           !syntax_.blocks.contains(child.type())) ||
                          (type == "else_clause" && child.is_named());
    const bool statement = is_executed(child) || syntax_.blocks.contains(child.type());
    const bool is_choice = type.ends_with("_expression") && !syntax_.blocks.contains(child.type());
    if (governed && statement && type != "switch_statement" && !is_choice) {
      // Where the condition says nothing, the body does.
      const bool counts = syntax_.loops.contains(type) ||
                          (type.starts_with("if_") && child != node.field("alternative") &&
                           declares(node.field("condition"))) ||
                          is_let(node.field("condition"));
      return walk_body(child, counts ? branch_hit(node) : std::string(), depth);
    }
    walk(child, depth + 1);
  }

  bool is_bare_condition(Node node, Node child) const {
    return syntax_.bare_conditions.contains(node.type()) && child != node.field("body") &&
           (child.type().ends_with("_expression") || child.type() == "identifier");
  }

  // if let Some(x) = y
  static bool is_let(Node condition) {
    return condition.type() == "let_condition" || condition.type() == "let_chain";
  }
  static bool has_declaration(Node condition) {
    if (is_let(condition)) return true;
    return std::ranges::any_of(condition.named_children(), [](Node child) {
      return child.type() == "declaration" || child.type() == "init_statement";
    });
  }

  bool binds(Node node, std::size_t depth = 0) const {
    if (syntax_.binding.empty() || depth > kDepthMax) return false;
    if (node.type() == syntax_.binding && (node.field("name") || node.field("pattern")))
      return true;
    return std::ranges::any_of(node.named_children(),
                               [&](Node child) { return binds(child, depth + 1); });
  }
  bool declares(Node condition) const { return has_declaration(condition) || binds(condition); }

  bool is_first(Node statement) const {
    return !syntax_.first_statement.empty() && statement.type() == syntax_.first_statement;
  }

  // `#if`, `#ifdef`, `#else`: what they ask is the preprocessor's.
  static bool is_directive(Node node) { return node.type().starts_with("preproc_"); }
  static std::vector<Node> guarded_by(Node directive) {
    std::vector<Node> out;
    for (const Node child : directive.named_children()) {
      if (child != directive.field("condition") && child != directive.field("name"))
        out.push_back(child);
    }
    return out;
  }

  void walk_statement(Node node, std::size_t depth) {
    if (is_directive(node)) {
      for (const Node child : guarded_by(node)) walk_statement(child, depth);
      return;
    }
    if (is_executed(node)) put(node.begin(), line_hit(node) + thrown_at(node));
    walk(node, depth + 1);
    if (is_first(node)) put(node.end(), line_hit(node));
  }

  std::string thrown_at(Node node) const {
    const bool throws =
        node.type() == "throw_statement" ||
        (!syntax_.throwing_call.empty() && node.text(text_).starts_with(syntax_.throwing_call));
    return throws && !syntax_.throws.empty()
               ? fmt::format(fmt::runtime(syntax_.throws), node.first_line())
               : std::string();
  }

  // A statement that another one governs: alone it gets braces.
  void walk_body(Node body, const std::string& entered, std::size_t depth) {
    if (syntax_.blocks.contains(body.type())) {
      put(body.begin() + 1, entered);
      walk(body, depth + 1);
      return;
    }
    put(body.begin(), "{" + entered);
    walk_statement(body, depth);
    put(body.end(), "}");
  }

  // An expression gets braces.
  void walk_arm(Node node, Node value, std::size_t depth) {
    const bool is_block = syntax_.blocks.contains(value.type());
    put(is_block ? value.begin() + 1 : value.begin(), (is_block ? "" : "{") + branch_hit(node));
    walk(value, depth + 1);
    if (!is_block) put(value.end(), "}");
  }

  void walk_case(Node node, std::size_t depth) {
    bool first = true;
    for (const Node child : node.named_children()) {
      if (child == node.field("value") || child == node.field("communication") ||
          child.type().ends_with("comment") || child.type().ends_with("_type") ||
          child.type() == "type_identifier" || child.type().ends_with("_label"))
        continue;
      if (std::exchange(first, false)) put(child.begin(), branch_hit(node));
      walk_statement(child, depth);
    }
  }

  void walk_rule(Node node, std::size_t depth) {
    for (const Node child : node.named_children()) {
      if (child.type().ends_with("comment") || child.type().ends_with("_label")) continue;
      if (syntax_.blocks.contains(child.type())) {
        walk_body(child, branch_hit(node), depth + 1);
        continue;
      }
      const bool is_value =
          child.type() == "expression_statement" && !is_statement(node.parent().parent());
      put(child.begin(),
          "{" + branch_hit(node) + (is_value ? std::string(syntax_.yield) + " " : std::string()));
      if (is_value) {
        walk(child, depth + 1);
      } else {
        walk_statement(child, depth + 1);
      }
      put(child.end(), "}");
    }
  }

  // What may be a value elsewhere.
  bool is_statement(Node choice) const {
    const std::string_view around = choice.parent().type();
    return syntax_.blocks.contains(around) || syntax_.cases.contains(around) ||
           syntax_.conditional.contains(around) || syntax_.loops.contains(around) ||
           around == "labeled_statement";
  }

  bool is_logical(Node node) const {
    if (node.type() != "binary_expression") return false;
    const std::string_view sign = node.field("operator").text(text_);
    return sign == "&&" || sign == "||" || sign == "and" || sign == "or";
  }

  // Each operand that is no && or || itself.
  void walk_condition(Node node, std::size_t depth) {
    const std::string_view type = node.type();
    if (depth > kDepthMax || declares(node)) return;
    if (type == "condition_clause" || type == "parenthesized_expression") {
      for (const Node child : node.named_children()) walk_condition(child, depth + 1);
    } else if (is_logical(node)) {
      walk_condition(node.field("left"), depth + 1);
      walk_condition(node.field("right"), depth + 1);
    } else if (type == "unary_expression" && node.text(text_).starts_with('!')) {
      const Node operand = node.field("operand");
      const Node argument = node.field("argument");
      walk_condition(operand ? operand : argument ? argument : node.named_child(0), depth + 1);
    } else if (type == "boolean_literal" || type == "true" || type == "false" ||
               type == "number_literal" || type == "comment" ||
               node.end() - node.begin() > kConditionBytesMax) {
      walk(node, depth + 1);
    } else {
      const std::size_t yes = branch_at(node);
      const std::size_t no = branch_at(node);
      const std::string both = fmt::format(fmt::runtime(syntax_.condition), "\n", yes, no);
      const std::size_t hole = both.find('\n');
      put(node.begin(), both.substr(0, hole));
      walk(node, depth + 1);
      put(node.end(), both.substr(hole + 1));
    }
  }

  std::string_view text_;
  const ProbeSyntax& syntax_;
  std::size_t at_ = 0;
  ProbedSource out_;
};

}  // namespace

Goals ProbedSource::goals() const {
  Goals out;
  for (const Arc& arc : probes) {
    if (arc.first == arc.second) {
      out.lines.insert(arc.first);
    } else {
      out.branches.insert(arc);
    }
  }
  return out;
}

Arcs ProbedSource::arcs_of(std::span<const std::size_t> reached) const {
  Arcs out;
  for (const std::size_t probe : reached) {
    if (probe < probes.size()) out.insert(probes[probe]);
  }
  return out;
}

std::vector<std::size_t> ProbedSource::seen_in(const Arcs& arcs) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    if (arcs.contains(probes[i])) out.push_back(i);
  }
  return out;
}

ProbedSource probed_source(const syntax::Tree& tree, std::string_view text,
                           const ProbeSyntax& syntax) {
  return Prober(text, syntax).probe(tree.root());
}

}  // namespace leyden::qa
