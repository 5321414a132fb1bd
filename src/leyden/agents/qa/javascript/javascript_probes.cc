#include "leyden/agents/qa/javascript/javascript_probes.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 400;

// Writes the text again from left to right, with what is put in between.
class Prober {
 public:
  explicit Prober(std::string_view text) : text_(text) {}

  ProbedJavascript probe(Node root) {
    walk(root, 0);
    out_.text += text_.substr(at_);
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

  std::string probe_of(std::vector<Arc> arcs) {
    out_.probes.push_back(std::move(arcs));
    return fmt::format("$leyden_p[{}]=1", out_.probes.size() - 1);
  }
  std::string line_probe(Node node) {
    const auto line = static_cast<std::int64_t>(node.first_line());
    return probe_of({{line, line}}) + ";";
  }
  std::string branch_probe(Node at) {
    const auto line = static_cast<std::int64_t>(at.first_line());
    return probe_of({{line, -static_cast<std::int64_t>(out_.probes.size()) - 1}});
  }

  static bool is_function(Node node) {
    const std::string_view type = node.type();
    return type == "arrow_function" || type == "function_expression" || type == "function" ||
           type == "class" || type == "generator_function";
  }

  // What runs where it stands.
  static bool is_executed(Node statement) {
    const std::string_view type = statement.type();
    if (type == "export_statement") {
      const std::string_view inner = statement.field("declaration").type();
      return inner == "lexical_declaration" || inner == "variable_declaration" ||
             (inner.empty() && statement.field("value"));
    }
    return type.ends_with("_statement")
               ? type != "empty_statement" && type != "import_statement"
               : type == "lexical_declaration" || type == "variable_declaration";
  }

  void walk_statements(Node block, std::size_t depth) {
    bool directives = true;
    for (const Node child : block.named_children()) {
      if (child.type() == "comment" || child.type() == "hash_bang_line") continue;
      const bool directive = directives && child.type() == "expression_statement" &&
                             child.named_child(0).type() == "string";
      directives = directive;
      if (is_executed(child) && !directive) put(child.begin(), line_probe(child));
      walk(child, depth + 1);
    }
  }

  // A statement that another one governs, with what is to be told when it is entered.
  void walk_body(Node body, const std::string& entered, std::size_t depth) {
    if (body.type() == "statement_block") {
      put(body.begin() + 1, entered);
      walk(body, depth + 1);
      return;
    }
    put(body.begin(), "{" + entered);
    if (is_executed(body)) put(body.begin(), line_probe(body));
    walk(body, depth + 1);
    put(body.end(), "}");
  }

  void walk_expression(Node node, const std::string& entered, std::size_t depth) {
    put(node.begin(), "(" + entered + ",");
    walk(node, depth + 1);
    put(node.end(), ")");
  }

  // leyden:ignore common.complex-function to be taken apart, as the Python side was
  void walk(Node node, std::size_t depth) {
    if (depth > kDepthMax) return;
    const std::string_view type = node.type();
    if (type == "program" || type == "statement_block" || type == "class_static_block") {
      walk_statements(node, depth);
    } else if (type == "if_statement") {
      walk(node.field("condition"), depth + 1);
      const Node body = node.field("consequence");
      walk_body(body, branch_probe(node) + ";", depth);
      const Node otherwise = node.field("alternative").named_child(0);
      if (otherwise) {
        walk_body(otherwise, branch_probe(node) + ";", depth);
      } else if (!node.field("alternative")) {
        put(body.end(), " else{" + branch_probe(node) + "}");
      }
    } else if (type == "while_statement" || type == "for_statement" || type == "for_in_statement" ||
               type == "do_statement") {
      const Node body = node.field("body");
      for (const Node child : node.named_children()) {
        if (child == body) {
          walk_body(body, branch_probe(node) + ";", depth);
        } else {
          walk(child, depth + 1);
        }
      }
    } else if (type == "ternary_expression") {
      walk(node.field("condition"), depth + 1);
      for (const char* part : {"consequence", "alternative"})
        walk_expression(node.field(part), branch_probe(node), depth);
    } else if (may_skip_right(node)) {
      walk(node.field("left"), depth + 1);
      walk_expression(node.field("right"), branch_probe(node), depth);
    } else if (type == "arrow_function" && node.field("body").type() != "statement_block") {
      for (const Node child : node.named_children()) {
        if (child != node.field("body")) walk(child, depth + 1);
      }
      const auto line = static_cast<std::int64_t>(node.first_line());
      const std::string entered =
          probe_of({{line, line}, {line, -static_cast<std::int64_t>(out_.probes.size()) - 1}});
      walk_expression(node.field("body"), entered, depth);
    } else if (type == "switch_case" || type == "switch_default") {
      if (const Node value = node.field("value")) walk(value, depth + 1);
      bool first = true;
      for (const Node child : node.named_children()) {
        if (child == node.field("value") || child.type() == "comment") continue;
        if (std::exchange(first, false)) put(child.begin(), branch_probe(node) + ";");
        if (is_executed(child)) put(child.begin(), line_probe(child));
        walk(child, depth + 1);
      }
    } else if (type == "throw_statement") {
      const Node thrown = node.named_child(0);
      put(thrown.begin(), fmt::format("$leyden_t({},(", node.first_line()));
      walk(thrown, depth + 1);
      put(thrown.end(), "))");
    } else {
      for (const Node child : node.named_children()) walk(child, depth + 1);
    }
  }

  // `a && b`, and a parameter's `a = b`.
  bool may_skip_right(Node node) const {
    if (node.type() == "binary_expression") return is_short(node.field("operator").text(text_));
    return node.type() == "assignment_pattern" && node.parent().type() == "formal_parameters" &&
           !is_function(node.field("right"));
  }

  static bool is_short(std::string_view sign) {
    return sign == "&&" || sign == "||" || sign == "??";
  }

  std::string_view text_;
  std::size_t at_ = 0;
  ProbedJavascript out_;
};

}  // namespace

Goals ProbedJavascript::goals() const {
  Goals out;
  for (const std::vector<Arc>& arcs : probes) {
    for (const Arc& arc : arcs) {
      if (arc.first == arc.second) {
        out.lines.insert(arc.first);
      } else {
        out.branches.insert(arc);
      }
    }
  }
  return out;
}

Arcs ProbedJavascript::arcs_of(std::span<const std::size_t> reached) const {
  Arcs out;
  for (const std::size_t probe : reached) {
    if (probe < probes.size()) out.insert(probes[probe].begin(), probes[probe].end());
  }
  return out;
}

std::vector<std::size_t> ProbedJavascript::seen_in(const Arcs& arcs) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    if (std::ranges::all_of(probes[i], [&](const Arc& arc) { return arcs.contains(arc); }))
      out.push_back(i);
  }
  return out;
}

ProbedJavascript probed_javascript(const syntax::Tree& tree, std::string_view text) {
  return Prober(text).probe(tree.root());
}

}  // namespace leyden::qa
