#include "leyden/agents/qa/javascript/javascript_source.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/javascript/javascript_guess.h"
#include "leyden/agents/qa/javascript/javascript_literals.h"
#include "leyden/agents/qa/javascript/javascript_scope.h"
#include "leyden/agents/qa/javascript/javascript_types.h"
#include "leyden/agents/qa/literals.h"
#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kReturnDepthMax = 40;
constexpr std::size_t kWrappersMax = 4;  // Functions around a file's statements, and conditions.

using syntax::Node;
using Kind = Type::Kind;

Type type_of(Kind kind, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = {}};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \n\t\r").find(text.front()) != std::string_view::npos)
    text.remove_prefix(1);
  while (!text.empty() && std::string_view(" \n\t\r").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  return text;
}

bool is_name_char(char c) { return is_word(c) || c == '$'; }

// A comment's text without its stars.
std::string comment_text(std::string_view comment) {
  if (!comment.starts_with("/**")) return {};
  comment = comment.substr(3, comment.size() - 5);
  std::string out;
  for (std::size_t begin = 0; begin <= comment.size();) {
    const std::size_t end = std::min(comment.find('\n', begin), comment.size());
    std::string_view line = trimmed(comment.substr(begin, end - begin));
    if (line.starts_with('*')) line = line.substr(line.starts_with("* ") ? 2 : 1);
    out += std::string(line) + "\n";
    begin = end + 1;
  }
  return out;
}

// What JSDoc says.
struct Doc {
  struct Param {
    std::string name;
    std::string type;
    bool optional = false;
  };
  std::vector<Param> params;
  std::string result;
};

std::string braced(std::string_view text) {
  if (!text.starts_with('{')) return {};
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return std::string(text.substr(1, i - 1));
  }
  return {};
}

Doc doc_of(std::string_view text) {
  Doc out;
  for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    std::string_view rest = text.substr(at + 1);
    const bool property = rest.starts_with("property ") || rest.starts_with("prop ");
    if (rest.starts_with("param ") || rest.starts_with("arg ") || property) {
      rest = trimmed(rest.substr(rest.find(' ')));
      Doc::Param one{.name = {}, .type = braced(rest)};
      if (!one.type.empty()) rest = trimmed(rest.substr(one.type.size() + 2));
      if (rest.starts_with('[')) {
        one.optional = true;
        rest.remove_prefix(1);
      }
      std::size_t end = 0;
      while (end < rest.size() && (is_name_char(rest[end]) || rest[end] == '.' || rest[end] == '['))
        end += rest[end] == '[' ? 2 : 1;
      one.name = rest.substr(0, std::min(end, rest.size()));
      one.optional = one.optional || one.type.ends_with('=');
      out.params.push_back(std::move(one));
    } else if (rest.starts_with("return")) {
      out.result = braced(trimmed(rest.substr(rest.starts_with("returns") ? 7 : 6)));
    }
  }
  return out;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) { scope_.text = text; }

  JavascriptSource read(Node root) {
    note_types(root);
    const std::vector<Node> statements = statements_of(root);
    for (const Node one : statements) note_definition(one);
    for (const Node one : statements) read_export(one);
    for (const auto& [name, way] : out_.exports) {
      if (const auto found = scope_.definitions.find(name);
          found != scope_.definitions.end() && is_javascript_class(found->second)) {
        names_.classes[name] = true;
        scope_.attributes[name] = javascript_attributes(found->second, text_);
      }
    }
    std::vector<std::pair<std::size_t, std::string>> order;
    for (const auto& [name, way] : out_.exports) {
      if (const auto found = scope_.definitions.find(name); found != scope_.definitions.end())
        order.emplace_back(found->second.begin(), name);
    }
    std::ranges::sort(order);
    for (const auto& [begin, name] : order) {
      const Node node = scope_.definitions.at(name);
      if (is_javascript_class(node)) {
        read_class(node, name);
      } else {
        read_function(node, name, "", false);
      }
    }
    for (const auto& [name, maker] : makers_) {
      out_.makers[name] = maker.qualified_name();
      read_class(scope_.definitions.at(name), name, maker);
    }
    // Classes of which nothing can be called are still made as arguments.
    return std::move(out_);
  }

 private:
  // Of the file, and of a function around it that is called at once; of conditions those that export (UMD).
  std::vector<Node> statements_of(Node block, std::size_t depth = 0) const {
    std::vector<Node> out;
    const auto add = [&](Node inner) {
      if (depth < kWrappersMax)
        std::ranges::move(statements_of(inner, depth + 1), std::back_inserter(out));
    };
    for (const Node one : block.named_children()) {
      out.push_back(one);
      if (one.type() == "expression_statement") {
        Node called = one.named_child(0);
        while (called.type() == "parenthesized_expression" || called.type() == "unary_expression")
          called = called.named_child(0);
        if (called.type() != "call_expression") continue;
        called = called.field("function");
        if (called.type() == "member_expression" && called.field("property").text(text_) == "call")
          called = called.field("object");
        while (called.type() == "parenthesized_expression") called = called.named_child(0);
        if (is_javascript_function(called)) add(called.field("body"));
      } else if (one.type() == "if_statement" &&
                 one.text(text_).find("exports") != std::string_view::npos) {
        add(one.field("consequence"));
        const Node otherwise = one.field("alternative");
        add(otherwise.named_child(0).type() == "if_statement" ? otherwise
                                                              : otherwise.named_child(0));
      }
    }
    return out;
  }

  // Interfaces, aliases, typedefs of JSDoc.
  void note_types(Node root) {
    for (const Node child : root.named_children()) {
      Node node = child;
      if (node.type() == "export_statement") node = node.field("declaration");
      const std::string name(node.field("name").text(text_));
      if (node.type() == "interface_declaration") {
        names_.types[name] = node.field("body").text(text_);
      } else if (node.type() == "type_alias_declaration") {
        names_.types[name] = node.field("value").text(text_);
      } else if (node.type() == "enum_declaration") {
        note_enumeration(node, child.type() == "export_statement");
      } else if (child.type() == "comment") {
        note_typedef(comment_text(child.text(text_)));
      }
    }
  }
  // A test names the members where it can, else it passes what they are.
  void note_enumeration(Node node, bool is_exported) {
    const std::string name(node.field("name").text(text_));
    std::vector<std::string> members;
    std::int64_t next = 0;
    for (const Node member : node.field("body").named_children()) {
      if (member.type() == "comment") continue;
      const Node value = member.field("value");
      std::string said(value.text(text_));
      if (value.type() == "number") {
        next = whole_number(said).value_or(0);
      } else if (value && value.type() != "string" && !is_exported) {
        return;  // A calculation.
      }
      if (!value) said = std::to_string(next);
      ++next;
      const std::string_view label = value ? member.field("name").text(text_) : member.text(text_);
      members.push_back(is_exported ? fmt::format("{}.{}", name, label)
                                    : javascript_double_quoted(said));
    }
    if (!members.empty()) names_.enumerations[name] = std::move(members);
  }

  // What `keyof typeof` and `(typeof it)[number]` may say.
  void note_constant(const std::string& name, Node value) {
    JavascriptNames::Constant out;
    const auto add = [&](std::vector<std::string>& to, Node one) {
      if (one.type() == "string" || one.type() == "number")
        to.push_back(javascript_double_quoted(one.text(text_)));
    };
    for (const Node one : value.named_children()) {
      if (value.type() == "array") add(out.values, one);
      if (value.type() != "object" || one.type() != "pair") continue;
      add(out.values, one.field("value"));
      const Node key = one.field("key");
      if (key.type() == "property_identifier")
        out.keys.push_back(fmt::format("\"{}\"", key.text(text_)));
      add(out.keys, key);
    }
    if (!out.keys.empty() || !out.values.empty()) names_.constants[name] = std::move(out);
  }

  void note_typedef(const std::string& doc) {
    const std::size_t at = doc.find("@typedef ");
    if (at == std::string::npos) return;
    std::string_view rest = trimmed(std::string_view(doc).substr(at + 9));
    const std::string type = braced(rest);
    if (!type.empty()) rest = trimmed(rest.substr(type.size() + 2));
    std::size_t end = 0;
    while (end < rest.size() && is_name_char(rest[end])) ++end;
    const std::string name(rest.substr(0, end));
    if (name.empty()) return;
    if (type != "Object" && type != "object" && !type.empty()) {
      names_.types[name] = type;
      return;
    }
    std::string fields;
    for (const Doc::Param& one : doc_of(doc).params)
      fields += one.name + (one.optional ? "?: " : ": ") + one.type + "; ";
    names_.types[name] = "{" + fields + "}";
  }

  // What has a name at the top of the file.
  void note_definition(Node node) {
    if (node.type() == "export_statement") {
      const Node declaration = node.field("declaration");
      if (declaration) note_definition(declaration);
      return;
    }
    if (is_javascript_class(node) || is_javascript_function(node)) {
      scope_.definitions[std::string(node.field("name").text(text_))] = node;
    } else if (node.type() == "lexical_declaration" || node.type() == "variable_declaration") {
      for (const Node one : node.named_children()) {
        if (one.type() != "variable_declarator") continue;
        const Node value = one.field("value");
        const std::string name(one.field("name").text(text_));
        if (is_javascript_function(value) || is_javascript_class(value)) {
          scope_.definitions[name] = value;
        } else if (value) {
          scope_.constants[name] = value;
          note_constant(name, bare_javascript(value));
        }
      }
    }
  }

  void add_export(const std::string& name, JavascriptExport::Way way, const std::string& exported) {
    if (!name.empty()) out_.exports.emplace(name, JavascriptExport{.way = way, .name = exported});
  }

  // leyden:ignore common.complex-function to be taken apart, as the Python side was
  void read_export(Node node) {
    using Way = JavascriptExport::Way;
    if (node.type() == "import_statement") out_.is_esm = true;
    if (node.type() == "export_statement") {
      out_.is_esm = true;
      if (node.field("source")) return;
      const bool by_default = has_token(node, "default");
      const Node declaration = node.field("declaration");
      if (by_default) {
        Node value = declaration ? declaration : node.field("value");
        if (value.type() == "identifier") {
          add_export(std::string(value.text(text_)), Way::by_default, "");
        } else if (is_javascript_function(value) || is_javascript_class(value)) {
          std::string name(value.field("name").text(text_));
          if (name.empty()) name = is_javascript_class(value) ? "Default" : "main";
          scope_.definitions[name] = value;
          add_export(name, Way::by_default, "");
        }
        return;
      }
      if (is_javascript_class(declaration) || is_javascript_function(declaration)) {
        const std::string name(declaration.field("name").text(text_));
        add_export(name, Way::named, name);
      } else if (declaration.type() == "enum_declaration") {
        const std::string name(declaration.field("name").text(text_));
        add_export(name, Way::named, name);
      } else if (declaration) {
        for (const Node one : declaration.named_children()) {
          const std::string name(one.field("name").text(text_));
          if (one.type() == "variable_declarator") add_export(name, Way::named, name);
        }
      }
      for (const Node clause : node.named_children()) {
        if (clause.type() != "export_clause") continue;
        for (const Node one : clause.named_children()) {
          const std::string name(one.field("name").text(text_));
          const std::string alias(one.field("alias").text(text_));
          if (alias == "default") {
            add_export(name, Way::by_default, "");
          } else {
            add_export(name, Way::named, alias.empty() ? name : alias);
          }
        }
      }
      return;
    }
    if (node.type() != "expression_statement") return;
    Node assignment = node.named_child(0);
    if (assignment.type() != "assignment_expression") return;
    const std::string_view left = assignment.field("left").text(text_);
    Node right = assignment.field("right");
    while (right.type() == "assignment_expression") right = right.field("right");
    if (left == "module.exports" || left == "exports" || left == "module.exports.default") {
      const auto named = scope_.constants.find(std::string(right.text(text_)));
      if (named != scope_.constants.end()) right = named->second;
      if (right.type() == "object") {
        read_exported_object(right);
      } else if (right.type() == "identifier") {
        add_export(std::string(right.text(text_)), Way::whole, "");
      } else if (is_javascript_function(right) || is_javascript_class(right)) {
        std::string name(right.field("name").text(text_));
        if (name.empty()) name = is_javascript_class(right) ? "Default" : "main";
        scope_.definitions[name] = right;
        add_export(name, Way::whole, "");
      }
      return;
    }
    for (const std::string_view prefix : {"module.exports.", "exports."}) {
      if (!left.starts_with(prefix)) continue;
      const std::string name(left.substr(prefix.size()));
      if (right.type() == "identifier") {
        add_export(std::string(right.text(text_)), Way::named, name);
      } else if (is_javascript_function(right) || is_javascript_class(right)) {
        scope_.definitions[name] = right;
        add_export(name, Way::named, name);
      }
    }
  }

  void read_exported_object(Node object) {
    using Way = JavascriptExport::Way;
    for (const Node one : object.named_children()) {
      if (one.type() == "shorthand_property_identifier") {
        add_export(std::string(one.text(text_)), Way::named, std::string(one.text(text_)));
      } else if (one.type() == "pair") {
        const std::string key(one.field("key").text(text_));
        const Node value = one.field("value");
        if (value.type() == "identifier") {
          add_export(std::string(value.text(text_)), Way::named, key);
        } else if (is_javascript_function(value) || is_javascript_class(value)) {
          scope_.definitions[key] = value;
          add_export(key, Way::named, key);
        }
      } else if (one.type() == "method_definition") {
        const std::string name(one.field("name").text(text_));
        scope_.definitions[name] = one;
        add_export(name, Way::named, name);
      }
    }
  }

  static bool has_token(Node node, std::string_view token) {
    for (std::uint32_t i = 0; i < node.child_count(); ++i) {
      if (node.child(i).type() == token) return true;
    }
    return false;
  }

  [[nodiscard]] bool is_hidden(Node member) const {
    return std::ranges::any_of(member.named_children(), [&](Node part) {
      return part.type() == "accessibility_modifier" && part.text(text_) != "public";
    });
  }
  // Fields, and the constructor's parameters that are fields.
  void note_hidden_fields(Node member) {
    if (member.type() == "public_field_definition") {  // The grammar's name for any field.
      if (is_hidden(member)) out_.hidden.emplace_back(member.field("name").text(text_));
    } else if (member.field("name").text(text_) == "constructor") {
      for (const Node one : member.field("parameters").named_children()) {
        if (is_hidden(one)) out_.hidden.emplace_back(one.field("pattern").text(text_));
      }
    }
  }

  // The class of the file that it says it gives, or makes and returns; empty: none.
  [[nodiscard]] std::string class_given(Node function) const {
    std::string_view said = function.field("return_type").text(text_);
    if (said.starts_with(':')) said.remove_prefix(1);
    std::string name(trimmed(said.substr(0, said.find('<'))));
    if (name.empty()) name = class_returned(function.field("body"), 0);
    const auto known = scope_.definitions.find(name);
    return known != scope_.definitions.end() && is_javascript_class(known->second) ? name : "";
  }
  [[nodiscard]] std::string class_returned(Node node, std::size_t depth) const {
    if (depth > kReturnDepthMax || (depth > 0 && is_javascript_function(node))) return {};
    if (node.type() == "new_expression" &&
        (depth == 0 || node.parent().type() == "return_statement"))
      return std::string(node.field("constructor").text(text_));
    for (const Node child : node.named_children()) {
      if (std::string found = class_returned(child, depth + 1); !found.empty()) return found;
    }
    return {};
  }

  // `maker`: the function that gives its objects, where a test can't make them itself.
  void read_class(Node node, const std::string& name, const std::optional<Function>& maker = {}) {
    if (node.has_error()) return;
    const std::size_t first = out_.functions.size();
    std::vector<Parameter> construction;
    const Node body = node.field("body");
    for (const Node child : body.named_children()) {
      if (child.type() == "method_definition" && child.field("name").text(text_) == "constructor")
        construction = parameters_of(child, doc_of(doc_before(child)));
    }
    for (const Node child : body.named_children()) {
      note_hidden_fields(child);
      if (child.type() != "method_definition") continue;
      const std::string method(child.field("name").text(text_));
      if (method == "constructor" || method.starts_with('_') || method.starts_with('#') ||
          method.starts_with('[') || has_token(child, "set"))
        continue;
      // A static one is called on the class itself.
      if (!is_hidden(child) && !(maker && has_token(child, "static")))
        read_function(child, method, name, true);
    }
    for (std::size_t i = first; i < out_.functions.size(); ++i) {
      if (!out_.functions[i].needs_object()) continue;
      out_.functions[i].construction = maker ? maker->parameters : construction;
    }
  }

  // The JSDoc comment above it, or above what declares it.
  std::string doc_before(Node node) const {
    for (std::size_t up = 0; up < 4 && node; ++up) {
      Node before = node.previous();
      while (before.type() == "decorator") before = before.previous();
      if (before.type() == "comment" && before.text(text_).starts_with("/**"))
        return comment_text(before.text(text_));
      const std::string_view parent = node.parent().type();
      if (parent != "export_statement" && parent != "lexical_declaration" &&
          parent != "variable_declaration" && parent != "variable_declarator" &&
          parent != "assignment_expression" && parent != "expression_statement" && parent != "pair")
        break;
      node = node.parent();
    }
    return {};
  }

  void read_function(Node node, const std::string& name, const std::string& class_name,
                     bool is_method) {
    if (node.has_error() || (!is_method && name.starts_with('_')) || !node.field("body")) return;
    Function out;
    out.name = name;
    out.class_name = class_name;
    if (is_method) {
      out.kind = has_token(node, "static") ? Function::Kind::static_method
                 : has_token(node, "get")  ? Function::Kind::property
                                           : Function::Kind::method;
      if (out.kind == Function::Kind::static_method && has_token(node, "get")) return;
    }
    out.is_async = has_token(node, "async");
    // What stands for a type is what it extends.
    const auto own_types = names_.types;
    note_type_parameters(node);
    if (is_method) note_type_parameters(node.parent().parent());
    out.doc = doc_before(node);
    const Doc doc = doc_of(out.doc);
    out.parameters = parameters_of(node, doc);
    if (const Node result = node.field("return_type")) {
      std::string_view said = result.text(text_);
      if (said.starts_with(':')) said.remove_prefix(1);
      out.result = javascript_type(said, names_);
    } else {
      out.result = javascript_type(doc.result, names_);
    }
    names_.types = own_types;
    out.literals = javascript_literals(node, scope_);
    read_javascript_doc_literals(out.doc, out.literals);
    const Node whole = statement_of(node);
    out.begin = whole.begin();
    out.end = whole.end();
    out.first_line = whole.first_line();
    out.last_line = whole.last_line();
    read_examples(node, out);
    if (!out.is_async && !out.needs_object()) {
      const std::string given = class_given(node);
      if (!given.empty() && !out_.exports.contains(given)) makers_.emplace(given, out);
    }
    out_.functions.push_back(std::move(out));
  }

  void note_type_parameters(Node node) {
    for (const Node one : node.field("type_parameters").named_children()) {
      std::string_view constraint = one.field("constraint").text(text_);
      if (constraint.starts_with("extends")) constraint.remove_prefix(7);
      const std::string name(one.field("name").text(text_));
      if (!constraint.empty() && trimmed(constraint) != name)
        names_.types[name] = trimmed(constraint);
    }
  }

  // A function and what gives it its name.
  static Node statement_of(Node node) {
    for (const char* outer : {"variable_declarator", "lexical_declaration", "export_statement"}) {
      if (node.parent().type() != outer) continue;
      if (std::string_view(outer) == "lexical_declaration" && node.parent().named_child_count() > 1)
        continue;
      node = node.parent();
    }
    return node;
  }

  void read_examples(Node node, const Function& function) {
    const std::size_t at = function.doc.find("@example");
    if (at == std::string::npos) return;
    std::string_view text = std::string_view(function.doc).substr(at + 8);
    if (const std::size_t next = text.find("\n@"); next != std::string_view::npos) {
      // Another @example is read as one, too.
      if (!text.substr(next + 1).starts_with("@example")) text = text.substr(0, next);
    }
    std::string call;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string_view line = trimmed(text.substr(begin, end - begin));
      begin = end + 1;
      const std::size_t comment = line.find("//");
      std::string_view code = trimmed(line.substr(0, comment));
      while (code.ends_with(';')) code.remove_suffix(1);
      if (!code.empty()) call = code.starts_with('@') || code.starts_with("```") ? "" : code;
      if (comment == std::string_view::npos || call.empty()) continue;
      std::string_view expected = trimmed(line.substr(comment + 2));
      for (const std::string_view mark : {"=>", "->", "→", "returns ", "returns: ", "="}) {
        if (expected.starts_with(mark)) {
          expected = trimmed(expected.substr(mark.size()));
          break;
        }
      }
      if (call.starts_with("const ") || call.starts_with("let ") || call.starts_with("import ") ||
          expected.empty()) {
        call.clear();
        continue;
      }
      out_.examples.push_back({.function = function.qualified_name(),
                               .line = node.first_line(),
                               .call = std::exchange(call, {}),
                               .expected = std::string(expected)});
    }
  }

  // leyden:ignore common.complex-function to be taken apart, as the Python side was
  std::vector<Parameter> parameters_of(Node function, const Doc& doc) {
    std::vector<Parameter> out;
    std::vector<Node> nodes = function.field("parameters").named_children();
    if (const Node only = function.field("parameter")) nodes = {only};
    std::size_t number = 0;
    for (Node node : nodes) {
      if (node.type() == "comment") continue;
      Parameter parameter;
      Node name = node;
      Node fallback;
      std::string_view type;
      if (node.type() == "required_parameter" || node.type() == "optional_parameter") {
        name = node.field("pattern");
        fallback = node.field("value");
        parameter.has_default = node.type() == "optional_parameter" || fallback;
        if (name.text(text_) == "this") continue;
        type = node.field("type").text(text_);
        if (type.starts_with(':')) type.remove_prefix(1);
      } else if (node.type() == "assignment_pattern") {
        name = node.field("left");
        fallback = node.field("right");
        parameter.has_default = true;
      }
      if (name.type() == "rest_pattern") {
        parameter.takes_rest = true;
        name = name.named_child(0);
      }
      parameter.name = name.type() == "identifier"
                           ? std::string(name.text(text_))
                           : "options" + (number == 0 ? "" : std::to_string(number));
      ++number;
      std::string said(type);
      const Doc::Param* documented = nullptr;
      for (const Doc::Param& one : doc.params) {
        if (one.name == parameter.name) documented = &one;
      }
      if (name.type() == "object_pattern" && said.empty()) {
        documented = nullptr;
        // JSDoc may call it as it likes: the parameter at this place, without those of its fields.
        std::size_t place = 0;
        for (const Doc::Param& one : doc.params) {
          if (one.name.find('.') != std::string::npos) continue;
          if (++place == number) documented = &one;
        }
      }
      if (documented != nullptr && said.empty()) said = documented->type;
      if (documented != nullptr)
        parameter.has_default = parameter.has_default || documented->optional;
      parameter.type = javascript_type(said, names_);
      if (parameter.takes_rest && !said.empty() && parameter.type.kind != Kind::list)
        parameter.type = type_of(Kind::list, {parameter.type});
      if (documented != nullptr && (parameter.type.kind == Kind::unknown) &&
          (said == "Object" || said == "object"))
        parameter.type = documented_fields(doc, documented->name);
      parameter.annotated = parameter.type.kind != Kind::unknown;
      if (parameter.type.kind == Kind::list && parameter.type.of[0].kind == Kind::unknown)
        parameter.annotated = false;
      if (!parameter.annotated) {
        const Node body = function.field("body");
        Type guess = javascript_guess(scope_, names_, name, fallback, body);
        parameter.has_default =
            parameter.has_default || javascript_may_be_missing(scope_, name, body);
        if (parameter.takes_rest && guess.kind != Kind::list)
          guess = type_of(Kind::list, {type_of(Kind::integer)});
        if (parameter.type.kind == Kind::unknown || guess.kind == Kind::list)
          parameter.type = std::move(guess);
      }
      parameter.type = javascript_mostly_whole(std::move(parameter.type));
      out.push_back(std::move(parameter));
    }
    return out;
  }

  // `@param {string} user.name`
  Type documented_fields(const Doc& doc, const std::string& name) const {
    Type out = type_of(Kind::record);
    for (const Doc::Param& one : doc.params) {
      if (!one.name.starts_with(name + ".")) continue;
      Type of = javascript_type(one.type, names_);
      out.texts.push_back(one.name.substr(name.size() + 1));
      out.of.push_back(one.optional ? type_of(Kind::optional, {std::move(of)}) : std::move(of));
    }
    return out.of.empty() ? Type{} : out;
  }

  std::string_view text_;
  JavascriptNames names_;
  JavascriptScope scope_;
  std::map<std::string, Function> makers_;  // Of classes that are not exported.
  JavascriptSource out_;
};

}  // namespace

JavascriptSource javascript_source(const syntax::Tree& tree, std::string_view text) {
  return Reader(text).read(tree.root());
}

bool uses_name(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || (!is_name_char(text[at - 1]) && text[at - 1] != '.')) &&
        (end == text.size() || !is_name_char(text[end])))
      return true;
  }
  return false;
}

std::optional<std::string> javascript_test_name(Node statement, std::string_view code) {
  if (statement.type() != "expression_statement") return std::nullopt;
  const Node call = statement.named_child(0);
  if (call.type() != "call_expression") return std::nullopt;
  const std::string_view called = call.field("function").text(code);
  if (called != "test" && called != "it") return std::nullopt;
  const Node name = call.field("arguments").named_child(0);
  if (name.type() != "string" && name.type() != "template_string") return std::nullopt;
  return javascript_string(name.text(code));
}

}  // namespace leyden::qa
