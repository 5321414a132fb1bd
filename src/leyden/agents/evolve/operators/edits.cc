#include "leyden/agents/evolve/operators/edits.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/evolve/operators/constants.h"
#include "leyden/agents/evolve/operators/text_edits.h"

namespace leyden::evolve {
namespace {

using syntax::Language;
using syntax::Node;

constexpr std::size_t kDepthMax = 400;

// Signs that can stand for each other.
const std::vector<std::vector<std::string_view>>& sign_groups() {
  static const std::vector<std::vector<std::string_view>> all = {
      {"+", "-", "*", "/", "%"},
      {"+", "-", "*", "/", "//", "%", "**"},
      {"<", "<=", ">", ">=", "==", "!="},
      {"===", "!=="},
      {"&&", "||"},
      {"and", "or"},
      {"&", "|", "^"},
      {"<<", ">>"},
      {"+=", "-=", "*=", "/=", "%="},
      {"|=", "&=", "^="},
      {"<<=", ">>="},
      {"in", "not in"},
      {"is", "is not"},
      {"++", "--"}};
  return all;
}

bool is_python(const Program& program) { return program.language() == Language::python; }

std::vector<std::string_view> other_signs(const Program& program, std::string_view sign) {
  for (const auto& group : sign_groups()) {
    if (std::ranges::find(group, sign) == group.end()) continue;
    // `//` begins a comment elsewhere.
    if (is_python(program) && group.front() == "+" && group.size() == 5) continue;
    if (!is_python(program) && (group.size() == 7 || sign == "in" || sign == "is")) continue;
    std::vector<std::string_view> out = group;
    std::erase(out, sign);
    return out;
  }
  return {};
}

bool is_name(std::string_view type) { return type == "identifier" || type == "variable_name"; }

// The node's value is used, it does not name what is defined or called.
bool is_used_name(Node node) {
  if (!is_name(node.type())) return false;
  const Node parent = node.parent();
  const std::string_view type = parent.type();
  if (type.find("parameter") != std::string_view::npos ||
      type.find("definition") != std::string_view::npos ||
      type.find("declarat") != std::string_view::npos ||
      type.find("import") != std::string_view::npos || type == "dotted_name" ||
      type == "keyword_argument" || type == "attribute" || type == "global_statement")
    return parent.field("value") == node;
  const bool assigned =
      type.find("assignment") != std::string_view::npos && parent.field("left") == node;
  return !assigned && parent.field("function") != node;
}

// What stands between a string's quotes. Documentation is none.
bool is_text(Node node) {
  static const std::set<std::string_view> all = {
      "string_content", "string_fragment", "regex_pattern", "interpreted_string_literal_content"};
  return all.contains(node.type()) && node.parent().parent().type() != "expression_statement";
}

bool is_operation(Node node) {
  const std::string_view type = node.type();
  return type.starts_with("binary") || type == "boolean_operator" || type == "logical_expression";
}

class SiteFinder {
 public:
  explicit SiteFinder(const Program& program) : program_(program) {}

  std::vector<Site> find() {
    walk(program_.root(), 0);
    return std::move(out_);
  }

 private:
  void add(EditKind kind, Node node) {
    if (program_.may_change(node.begin(), node.end())) out_.push_back({kind, node});
  }

  void walk(Node node, std::size_t depth) {
    const std::string_view type = node.type();
    if (depth > kDepthMax || type == "comment" || type.find("import") != std::string_view::npos)
      return;
    look_at(node);
    for (std::uint32_t i = 0; i < node.child_count(); ++i) {
      const Node child = node.child(i);
      // A sign stands between two operands.
      if (i > 0 && i + 1 < node.child_count() && node.named_child_count() >= 2 &&
          type.find("type") == std::string_view::npos &&
          type.find("template") == std::string_view::npos &&
          (!child.is_named() || child.type() == "is not" || child.type() == "not in") &&
          !other_signs(program_, child.type()).empty())
        add(EditKind::sign, child);
      walk(child, depth + 1);
    }
  }

  void look_at(Node node) {
    const std::string_view type = node.type();
    if (holds_statements(type)) statements_of(node);
    if (number_at(node, program_.text())) add(EditKind::number, node);
    if (type == "true" || type == "false") add(EditKind::truth, node);
    if (const Node condition = node.field("condition")) add(EditKind::negate, condition);
    if (type.starts_with("argument") && node.named_child_count() >= 2)
      add(EditKind::arguments, node);
    if (is_operation(node)) {
      add(EditKind::operand, node);
      add(EditKind::arguments, node);
    }
    if (is_text(node)) add(EditKind::text, node);
    if (is_used_name(node)) {
      add(EditKind::name, node);
      add(EditKind::one_off, node);
    }
  }

  void statements_of(Node container) {
    const std::vector<Node> statements = container.named_children();
    for (std::size_t i = 0; i < statements.size(); ++i) {
      const std::string_view type = statements[i].type();
      if (type == "comment" || type.find("import") != std::string_view::npos ||
          type.find("function_definition") != std::string_view::npos ||
          type.find("class") != std::string_view::npos)
        continue;
      add(EditKind::remove, statements[i]);
      add(EditKind::repeat, statements[i]);
      if (i + 1 < statements.size() && statements[i + 1].type() != "comment")
        add(EditKind::swap, statements[i]);
    }
  }

  const Program& program_;
  std::vector<Site> out_;
};

// The function around a node, else the whole.
Node scope_of(Node node) {
  Node at = node;
  for (Node up = node.parent(); up; up = up.parent()) {
    at = up;
    const std::string_view type = up.type();
    if (type.find("function") != std::string_view::npos ||
        type.find("method") != std::string_view::npos)
      break;
  }
  return at;
}

void collect_names(Node node, std::string_view text, std::size_t depth,
                   std::set<std::string_view>& out) {
  if (depth > kDepthMax) return;
  if (is_name(node.type())) {
    const Node parent = node.parent();
    if (parent.field("function") != node && parent.field("attribute") != node &&
        parent.field("name") != node)
      out.insert(node.text(text));
  }
  for (const Node child : node.named_children()) collect_names(child, text, depth + 1, out);
}

Edit replace(Node node, std::string text, std::string what) {
  return {.begin = node.begin(),
          .end = node.end(),
          .text = std::move(text),
          .what = fmt::format("line {}: {}", node.first_line(), what)};
}

std::optional<Edit> another_number(const Program& program, Node node, Random& random) {
  const auto number = number_at(node, program.text());
  if (!number) return std::nullopt;
  const std::string text = number_text(stepped(*number, random), number->integral);
  return replace(node, text, fmt::format("{} becomes {}", node.text(program.text()), text));
}

std::optional<Edit> exchanged(const Program& program, Node first, Node second,
                              std::string_view what) {
  const std::string& text = program.text();
  if (!first || !second || first.text(text) == second.text(text)) return std::nullopt;
  return Edit{.begin = first.begin(),
              .end = second.end(),
              .text = std::string(second.text(text)) +
                      text.substr(first.end(), second.begin() - first.end()) +
                      std::string(first.text(text)),
              .what = fmt::format("line {}: {} change places", first.first_line(), what)};
}

std::optional<Edit> statement_edit(const Program& program, const Site& site) {
  const std::string& text = program.text();
  const Node node = site.node;
  if (site.kind == EditKind::swap) return exchanged(program, node, node.next(), "two statements");
  if (site.kind == EditKind::repeat) {
    const std::size_t column = indentation_at(text, node.begin());
    return replace(node,
                   std::string(node.text(text)) + "\n" + std::string(column, ' ') +
                       std::string(node.text(text)),
                   "a statement stands twice");
  }
  if (is_python(program) && node.parent().named_child_count() == 1)
    return replace(node, "pass", "a statement goes");
  return replace(node, "", "a statement goes");
}

std::optional<Edit> name_edit(const Program& program, const Site& site, Random& random) {
  const std::string_view name = site.node.text(program.text());
  if (site.kind == EditKind::one_off) {
    const char* by = random.chance(0.5) ? "+" : "-";
    return replace(site.node, fmt::format("({} {} 1)", name, by), fmt::format("{} {} 1", name, by));
  }
  std::set<std::string_view> names;
  collect_names(scope_of(site.node), program.text(), 0, names);
  names.erase(name);
  if (names.empty()) return std::nullopt;
  const std::string_view other =
      *std::next(names.begin(), static_cast<std::ptrdiff_t>(random.below(names.size())));
  return replace(site.node, std::string(other), fmt::format("{} becomes {}", name, other));
}

std::optional<Edit> operation_edit(const Program& program, const Site& site, Random& random) {
  const std::vector<Node> parts = site.node.named_children();
  if (parts.size() < 2) return std::nullopt;
  if (site.kind == EditKind::arguments) {
    const std::size_t first = random.below(parts.size() - 1);
    return exchanged(program, parts[first], parts[first + 1], "two operands");
  }
  const Node kept = parts[random.below(parts.size())];
  return replace(site.node, std::string(kept.text(program.text())),
                 "an operation becomes its operand");
}

}  // namespace

bool holds_statements(std::string_view type) {
  static const std::set<std::string_view> all = {
      "module",      "block",          "program",    "statement_block",  "compound_statement",
      "source_file", "body_statement", "statements", "translation_unit", "function_body"};
  return all.contains(type);
}

std::string_view to_string(EditKind kind) {
  static constexpr std::array<std::string_view, kEditKinds> kNames = {
      "number",  "sign", "truth",  "negate", "arguments", "operand",
      "one_off", "name", "remove", "repeat", "swap",      "text"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::vector<Site> sites_of(const Program& program) { return SiteFinder(program).find(); }

std::optional<Edit> edit_at(const Program& program, const Site& site, Random& random) {
  const std::string_view text = site.node.text(program.text());
  switch (site.kind) {
    case EditKind::number:
      return another_number(program, site.node, random);
    case EditKind::sign: {
      const auto others = other_signs(program, site.node.type());
      if (others.empty()) return std::nullopt;
      const std::string_view other = others[random.below(others.size())];
      return replace(site.node, std::string(other), fmt::format("{} becomes {}", text, other));
    }
    case EditKind::truth: {
      const bool capital = text.starts_with('T') || text.starts_with('F');
      const bool is_true = site.node.type() == "true";
      return replace(site.node,
                     is_true ? (capital ? "False" : "false") : (capital ? "True" : "true"),
                     "a truth value is turned round");
    }
    case EditKind::negate:
      return replace(site.node, fmt::format("({} ({}))", is_python(program) ? "not" : "!", text),
                     "a condition is turned round");
    case EditKind::arguments:
    case EditKind::operand:
      return operation_edit(program, site, random);
    case EditKind::one_off:
    case EditKind::name:
      return name_edit(program, site, random);
    case EditKind::text: {
      auto other = text_changed(text, random);
      if (!other) return std::nullopt;
      return replace(site.node, *std::move(other), "a string is changed");
    }
    default:
      return statement_edit(program, site);
  }
}

std::optional<std::string> applied(const Program& program, const Edit& edit) {
  std::string text = program.text();
  text.replace(edit.begin, edit.end - edit.begin, edit.text);
  if (!program.changed_to(text)) return std::nullopt;
  return text;
}

}  // namespace leyden::evolve
