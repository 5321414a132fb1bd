#include "leyden/syntax/definitions.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <tree_sitter/api.h>

#include "leyden/base/utf8.h"
#include "leyden/syntax/definition_rules.h"
#include "leyden/syntax/grammars.h"

namespace leyden::syntax {
namespace {

using enum DefinitionKind;

constexpr std::size_t kNameBytes = 80;

bool is_container(DefinitionKind kind) { return kind == namespace_ || kind == module; }

// Functions in one of these are methods.
bool has_methods(DefinitionKind kind) {
  return kind == class_ || kind == struct_ || kind == interface || kind == trait || kind == enum_ ||
         kind == record || kind == impl;
}

TSNode field(TSNode node, std::string_view name) {
  return ts_node_child_by_field_name(node, name.data(), static_cast<std::uint32_t>(name.size()));
}

std::string_view type_of(TSNode node) { return ts_node_type(node); }

// Of C and C++: `int (*Table::find(Key key))[4]` declares "Table::find". A null node where it declares no function.
TSNode declared_function(TSNode node) {
  bool function = false;
  for (int wraps = 0; wraps < 16; ++wraps) {
    TSNode inner = field(node, "declarator");
    if (ts_node_is_null(inner) &&
        (type_of(node) == "reference_declarator" || type_of(node) == "parenthesized_declarator" ||
         type_of(node) == "attributed_declarator")) {
      inner = ts_node_named_child(node, 0);
    }
    if (ts_node_is_null(inner)) return function || type_of(node) == "operator_cast" ? node : inner;
    function = function || type_of(inner) == "function_declarator";
    if (type_of(inner) == "operator_cast") return inner;
    node = inner;
  }
  return {};
}

// What a `definition_of_value` holds.
TSNode value_of(TSNode node) {
  const TSNode value = field(node, "value");
  return ts_node_is_null(value) ? field(node, "right") : value;
}

class Outline {
 public:
  Outline(const Tree& tree, std::string_view text) : text_(text), language_(tree.language()) {
    const TSLanguage* grammar = grammar_of(language_);
    const auto rules = definition_rules(language_);
    rules_.resize(ts_language_symbol_count(grammar));
    for (std::uint32_t symbol = 0; symbol < rules_.size(); ++symbol) {
      if (ts_language_symbol_type(grammar, static_cast<TSSymbol>(symbol)) != TSSymbolTypeRegular)
        continue;
      const auto found = std::ranges::find(
          rules, ts_language_symbol_name(grammar, static_cast<TSSymbol>(symbol)), &NodeRule::type);
      if (found != rules.end()) rules_[symbol] = &*found;
    }
    walk(ts_tree_root_node(tree.get()));
    if (tree.has_errors()) nest_by_layout();
  }

  std::vector<Definition> take() && { return std::move(found_); }

 private:
  // What comes before the next definition among a node's children and may belong to it.
  struct Lead {
    bool active = false;
    bool wraps =
        false;  // Began with a wrapper: belongs to the first definition inside, whatever stands between.
    std::uint32_t begin = 0;
    std::uint32_t line_begin = 0;  // Where its line begins.
    std::uint32_t first_row = 0;
    std::uint32_t last_row = 0;
  };
  struct Level {
    Lead lead;
    std::uint32_t previous_end_row =
        0;  // Of the child before: a comment behind code on its line belongs to that.
    bool any_previous = false;
    bool in_one_line_definition = false;
    bool is_error = false;
    bool defines = false;  // The node around these children is the definition on the top of open_.
  };
  [[nodiscard]] const NodeRule* rule_of(TSNode node) const {
    const TSSymbol symbol = ts_node_symbol(node);
    return symbol < rules_.size() ? rules_[symbol] : nullptr;  // ERROR is beyond.
  }

  void walk(TSNode root) {
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    std::vector<Level> levels;
    bool down = ts_tree_cursor_goto_first_child(&cursor);
    if (down) levels.push_back({.is_error = ts_node_is_error(root)});
    while (!levels.empty()) {
      const TSNode node = ts_tree_cursor_current_node(&cursor);
      if (auto inside = visit(node, levels.back());
          inside && ts_tree_cursor_goto_first_child(&cursor)) {
        levels.push_back(*inside);
        continue;
      } else if (inside && inside->defines) {
        open_.pop_back();
      }
      while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
        if (levels.back().defines) open_.pop_back();
        levels.pop_back();
        if (levels.empty() || !ts_tree_cursor_goto_parent(&cursor)) break;
      }
    }
    ts_tree_cursor_delete(&cursor);
  }

  // Where what this node defines begins.
  [[nodiscard]] Lead lead_of(const Lead& lead, const Lead& alone) const {
    const Lead taken =
        lead.wraps || (lead.active && alone.first_row <= lead.last_row + 1) ? lead : alone;
    // A wrapper that is broken may have had a definition before this one.
    return !found_.empty() && taken.begin < found_.back().begin ? alone : taken;
  }

  // A comment belongs to what comes next, with the comments right above it.
  static void take_comment(Lead& lead, const Lead& alone, bool first_on_line) {
    if (lead.active && alone.first_row <= lead.last_row + 1) {
      lead.last_row = alone.last_row;
    } else {
      lead = first_on_line ? alone : Lead{};
    }
  }

  // What a node means; a level for its children where they are worth a visit.
  std::optional<Level> visit(TSNode node, Level& level) {
    const NodeRule* rule = rule_of(node);
    const TSPoint start = ts_node_start_point(node);
    TSPoint end = ts_node_end_point(node);
    if (end.column == 0 && end.row > start.row) --end.row;  // Took the newline along.
    Lead& lead = level.lead;
    const Lead alone{.active = true,
                     .begin = ts_node_start_byte(node),
                     .line_begin = ts_node_start_byte(node) - start.column,
                     .first_row = start.row,
                     .last_row = end.row};
    const bool first_on_line = !level.any_previous || level.previous_end_row < start.row;
    const bool named = ts_node_is_named(node);
    level.previous_end_row = end.row;
    level.any_previous = true;

    if (rule != nullptr && rule->role == NodeRole::comment) {
      if (!lead.wraps) take_comment(lead, alone, first_on_line);
      return std::nullopt;
    }
    Lead taken = lead_of(lead, alone);
    // A body's first comment may stand before the body in the tree (Python, Ruby).
    const Lead comment_above = lead.active && !lead.wraps ? lead : Lead{};
    taken.wraps = true;
    if (named && !lead.wraps) lead = {};

    if (level.is_error && !named && define_in_error(node, taken)) {
      lead = {};
      return std::nullopt;
    }

    const bool one_line = start.row == end.row;
    Level inside;
    inside.is_error = ts_node_is_error(node);
    inside.in_one_line_definition = level.in_one_line_definition;
    if (rule != nullptr && rule->role == NodeRole::wrapper) {
      inside.lead = taken;
      return inside;
    }
    if (rule != nullptr && open_.size() < kDefinitionDepthMax && define(node, *rule, taken)) {
      lead = {};
      inside.defines = true;
      inside.in_one_line_definition = one_line;
      return inside;
    }
    if (one_line && !level.in_one_line_definition) return std::nullopt;
    inside.lead = comment_above;
    return inside;
  }

  // What does not parse may have been a definition before: its keyword is left, and the layout will say where it ends. Without that, one
  // wrong line takes the class away from all that is in it.
  bool define_in_error(TSNode keyword, const Lead& lead) {
    static constexpr auto kKeywords =
        std::to_array<std::pair<std::string_view, DefinitionKind>>({{"class", class_},
                                                                    {"struct", struct_},
                                                                    {"interface", interface},
                                                                    {"trait", trait},
                                                                    {"impl", impl},
                                                                    {"def", function},
                                                                    {"fn", function},
                                                                    {"func", function},
                                                                    {"function", function}});
    const auto found = std::ranges::find(kKeywords, type_of(keyword),
                                         &std::pair<std::string_view, DefinitionKind>::first);
    if (found == kKeywords.end() || ts_node_is_missing(keyword)) return false;
    const std::size_t begin = ts_node_start_byte(keyword);
    const std::size_t line_end = std::min(text_.find('\n', begin), text_.size());
    const std::size_t after = ts_node_end_byte(keyword);
    const std::string_view line = text_.substr(after, std::max(line_end, after) - after);
    const std::size_t name = line.find_first_not_of(" \t");
    if (name == 0 || name == std::string_view::npos) return false;
    const std::string_view rest = line.substr(name);
    const std::size_t size = std::min(rest.find_first_of(" \t\r(){}<>[]:;,=\"'"), rest.size());
    // Not on one line, which says itself where it ends.
    if (size == 0 || rest.ends_with('}') || rest.ends_with(';')) return false;
    Definition definition{.kind = found->second};
    definition.name = utf8::short_line(rest.substr(0, size), kNameBytes);
    definition.signature = signature(begin, line_end, true);
    definition.begin = lead.begin;
    definition.name_begin = after + name;
    definition.end = text_.size();
    definition.first_line = lead.first_row + 1;
    definition.last_line = std::numeric_limits<std::size_t>::max();
    columns_.push_back(columns(lead.line_begin, lead.begin));
    found_.push_back(std::move(definition));
    return true;
  }

  struct Named {
    DefinitionKind kind{};
    TSNode name{};  // Null: it has none.
    TSNode body{};
  };

  // `const f = () => ...`, `this.f = class ...`: a name that is given a function or a class.
  std::optional<Named> named_value(TSNode node) const {
    const TSNode value = value_of(node);
    if (ts_node_is_null(value)) return std::nullopt;
    const std::string_view type = type_of(value);
    const bool is_class = type == "class";
    if (!is_class && type != "arrow_function" && type != "function_expression" &&
        type != "generator_function" && type != "function")
      return std::nullopt;
    TSNode name = field(node, "name");
    for (const std::string_view key : {"left", "key", "property"}) {
      if (ts_node_is_null(name)) name = field(node, key);
    }
    return Named{.kind = is_class ? class_ : function, .name = name, .body = field(value, "body")};
  }

  // What a node defines; nothing where it is no definition after all.
  std::optional<Named> named_by(TSNode node, const NodeRule& rule) const {
    Named out{.kind = rule.kind, .name = field(node, "name"), .body = field(node, "body")};
    if (rule.role == NodeRole::definition_with_body && ts_node_is_null(out.body))
      return std::nullopt;
    if (rule.role == NodeRole::definition_of_value) {
      auto value = named_value(node);
      if (!value || ts_node_is_null(value->name)) return std::nullopt;
      if (value->kind != class_) value->kind = rule.kind;
      return value;
    }
    if ((language_ == Language::c || language_ == Language::cpp) && rule.kind == function) {
      out.name = declared_function(node);
      if (ts_node_is_null(out.name)) return std::nullopt;  // A macro that looks like one.
      if (type_of(out.name) == "qualified_identifier") out.kind = method;
    } else if (rule.kind == impl) {
      out.name = field(node, "type");
    } else if (language_ == Language::go && rule.kind == type) {
      const TSNode of = field(node, "type");
      const std::string_view of_type = ts_node_is_null(of) ? "" : type_of(of);
      if (of_type == "struct_type") out.kind = struct_;
      if (of_type == "interface_type") out.kind = interface;
    } else if (rule.type == "operator_declaration") {
      out.name = field(node, "operator");
    }
    if (ts_node_is_null(out.name) && !is_container(out.kind)) return std::nullopt;
    return out;
  }

  // Adds the definition and opens it; false where the node is none after all.
  bool define(TSNode node, const NodeRule& rule, const Lead& lead) {
    const auto named = named_by(node, rule);
    if (!named) return false;
    auto [kind, name, body] = *named;
    std::optional<std::size_t> parent;
    if (!open_.empty()) parent = open_.back();
    if (kind == function && parent && has_methods(found_[*parent].kind)) kind = method;

    Definition definition{.kind = kind};
    const std::uint32_t begin = ts_node_start_byte(node);
    std::uint32_t end = ts_node_end_byte(node);
    while (end > begin && is_space(text_[end - 1])) --end;
    if (!ts_node_is_null(name))
      definition.name = utf8::short_line(
          text_.substr(ts_node_start_byte(name), ts_node_end_byte(name) - ts_node_start_byte(name)),
          kNameBytes);
    definition.signature = signature(begin, ts_node_is_null(body) ? end : ts_node_start_byte(body),
                                     ts_node_is_null(body));
    if (ts_node_is_null(name)) definition.signature.clear();  // C++'s namespace without a name.
    definition.begin = lead.begin;
    definition.name_begin = ts_node_is_null(name) ? begin : ts_node_start_byte(name);
    definition.end = end < text_.size() && text_[end] == ';' ? end + 1 : end;
    definition.first_line = lead.first_row + 1;
    definition.last_line = ts_node_end_point(node).row + 1 -
                           (ts_node_end_point(node).column == 0 && end > begin ? 1 : 0);
    definition.parent = parent;
    definition.depth = parent ? found_[*parent].depth + 1 : 0;
    if (parent) definition.end = std::min(definition.end, found_[*parent].end);
    columns_.push_back(columns(lead.line_begin, lead.begin));
    open_.push_back(found_.size());
    found_.push_back(std::move(definition));
    return true;
  }

  // Where a bracket is missing, the tree nests all that follows in what is not closed, or closes too much: there the layout says what
  // stands in what, which one wrong line does not change.
  void nest_by_layout() {
    end_by_layout();
    std::vector<std::size_t> around;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      Definition& each = found_[i];
      while (!around.empty() && found_[around.back()].end <= each.name_begin) {
        Definition& left = found_[around.back()];
        left.end = std::max(left.name_begin, std::min(left.end, each.begin));
        around.pop_back();
      }
      each.parent.reset();
      each.depth = around.size();
      if (!around.empty()) {
        const Definition& parent = found_[around.back()];
        each.parent = around.back();
        if (each.kind == function && has_methods(parent.kind)) each.kind = method;
        each.end = std::min(each.end, parent.end);
      }
      around.push_back(i);
    }
    std::vector<std::size_t> newlines;
    for (std::size_t at = 0; (at = text_.find('\n', at)) != std::string_view::npos; ++at)
      newlines.push_back(at);
    for (Definition& each : found_) {
      const auto before =
          std::ranges::lower_bound(newlines, std::max(each.end, each.begin + 1) - 1);
      each.last_line = static_cast<std::size_t>(before - newlines.begin()) + 1;
    }
  }

  // A definition ends with the first line below its name that closes a bracket and is indented no deeper (in Python, before the first
  // line that is not), at the latest before the next definition that is not. One pass over the lines.
  void end_by_layout() {
    const bool by_indentation = language_ == Language::python;
    std::vector<std::size_t> open;  // Each deeper than the one before.
    std::size_t next = 0;
    std::size_t text_end = 0;  // Of the last line that is not blank.
    auto end_top = [&](std::size_t end) {
      Definition& top = found_[open.back()];
      top.end = std::max(end, top.name_begin);
      open.pop_back();
    };
    std::size_t number = 0;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t line_end = std::min(text_.find('\n', at), text_.size());
      const std::string_view line = text_.substr(at, line_end - at);
      ++number;
      const std::size_t first = line.find_first_not_of(" \t\r");
      if (first != std::string_view::npos) {
        const std::string_view content = line.substr(first);
        const std::size_t column = columns(at, at + first);
        const bool closes =
            by_indentation ? content[0] != ')' : content[0] == '}' || content.starts_with("end");
        while (closes && !open.empty() && columns_[open.back()] >= column &&
               found_[open.back()].name_begin < at) {
          if (by_indentation) {
            end_top(text_end);
            continue;
          }
          std::size_t end = at + first + (content[0] == '}' ? 1 : 3);
          if (end < text_.size() && text_[end] == ';') ++end;
          end_top(end);
        }
        for (; next < found_.size() && found_[next].begin < line_end; ++next) {
          const Definition& each = found_[next];
          // On one line, columns say nothing.
          if (is_container(each.kind) || each.first_line == each.last_line) continue;
          while (!open.empty() && columns_[open.back()] >= columns_[next] &&
                 found_[open.back()].first_line < number) {
            end_top(text_end);
          }
          open.push_back(next);
        }
        text_end = line_end;
      }
      at = line_end + 1;
    }
    while (!open.empty()) end_top(std::min(found_[open.back()].end, text_end));
  }

  static bool is_space(char each) { return each == ' ' || (each >= '\t' && each <= '\r'); }

  // Of the whitespace that [line, end) begins with.
  [[nodiscard]] std::size_t columns(std::size_t line, std::size_t end) const {
    std::size_t column = 0;
    for (; line < end && (text_[line] == ' ' || text_[line] == '\t'); ++line)
      column += text_[line] == '\t' ? 8 - column % 8 : 1;
    return column;
  }

  // Up to the body, by the look of it where the tree has lost it: a signature is part of what passages below are named after.
  [[nodiscard]] std::string signature(std::size_t begin, std::size_t end, bool open_ended) const {
    std::string_view head = text_.substr(begin, end - begin);
    if (open_ended && language_ != Language::python)
      head = head.substr(0, head.find_first_of("{\n"));
    if (language_ == Language::ruby) head = head.substr(0, head.find('\n'));
    head = head.substr(0, head.find(language_ == Language::python ? ":\n" : "{\n"));
    std::string line = utf8::short_line(head, kSignatureBytes);
    while (!line.empty() && (is_space(line.back()) || line.back() == '{' || line.back() == ':' ||
                             line.back() == ';' || line.back() == '=')) {
      line.pop_back();
    }
    if (line.ends_with(" =>")) line.resize(line.size() - 3);
    return line;
  }

  std::string_view text_;
  Language language_;
  std::vector<const NodeRule*> rules_;  // By symbol.
  std::vector<std::size_t> open_;       // Indexes of the definitions around the node, by the tree.
  std::vector<Definition> found_;
  std::vector<std::size_t> columns_;  // Of the line on which each begins.
};

}  // namespace

std::string_view to_string(DefinitionKind kind) {
  switch (kind) {
    case function:
      return "function";
    case method:
      return "method";
    case class_:
      return "class";
    case struct_:
      return "struct";
    case interface:
      return "interface";
    case trait:
      return "trait";
    case enum_:
      return "enum";
    case record:
      return "record";
    case impl:
      return "impl";
    case module:
      return "module";
    case namespace_:
      return "namespace";
    case type:
      return "type";
    case property:
      return "property";
    case macro:
      return "macro";
  }
  std::unreachable();
}

std::vector<Definition> definitions(const Tree& tree, std::string_view text) {
  return Outline(tree, text).take();
}

}  // namespace leyden::syntax
