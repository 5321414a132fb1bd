#include "leyden/agents/qa/javascript/javascript_source.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "leyden/agents/qa/javascript/javascript_types.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;

constexpr std::size_t kLiteralsMax = 60;
constexpr std::size_t kLiteralBytesMax = 60;
constexpr std::size_t kDepthMax = 200;

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

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$';
}

std::optional<std::string> plain_string(std::string_view text) {
  if (text.size() < 2 || text.find("${") != std::string_view::npos) return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case '\\':
      case '\'':
      case '"':
      case '`':
        out += text[i];
        break;
      default:
        return std::nullopt;  // Rarer ones make no better inputs.
    }
  }
  return out;
}

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
      while (end < rest.size() && (is_word(rest[end]) || rest[end] == '.' || rest[end] == '['))
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
  explicit Reader(std::string_view text) : text_(text) {}

  JavascriptSource read(Node root) {
    note_types(root);
    for (const Node child : root.named_children()) note_definition(child);
    for (const Node child : root.named_children()) read_export(child);
    for (const auto& [name, way] : out_.exports) {
      if (const auto found = definitions_.find(name);
          found != definitions_.end() && is_class(found->second))
        names_.classes[name] = true;
    }
    std::vector<std::pair<std::size_t, std::string>> order;
    for (const auto& [name, way] : out_.exports) {
      if (const auto found = definitions_.find(name); found != definitions_.end())
        order.emplace_back(found->second.begin(), name);
    }
    std::ranges::sort(order);
    for (const auto& [begin, name] : order) {
      const Node node = definitions_.at(name);
      if (is_class(node)) {
        read_class(node, name);
      } else {
        read_function(node, name, "", false);
      }
    }
    // Classes of which nothing can be called are still made as arguments.
    return std::move(out_);
  }

 private:
  static bool is_class(Node node) {
    const std::string_view type = node.type();
    return type == "class_declaration" || type == "class";
  }
  static bool is_function(Node node) {
    const std::string_view type = node.type();
    return type == "function_declaration" || type == "generator_function_declaration" ||
           type == "arrow_function" || type == "function_expression" || type == "function" ||
           type == "generator_function" || type == "method_definition";
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
      } else if (child.type() == "comment") {
        note_typedef(comment_text(child.text(text_)));
      }
    }
  }
  void note_typedef(const std::string& doc) {
    const std::size_t at = doc.find("@typedef ");
    if (at == std::string::npos) return;
    std::string_view rest = trimmed(std::string_view(doc).substr(at + 9));
    const std::string type = braced(rest);
    if (!type.empty()) rest = trimmed(rest.substr(type.size() + 2));
    std::size_t end = 0;
    while (end < rest.size() && is_word(rest[end])) ++end;
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
    if (is_class(node) || is_function(node)) {
      definitions_[std::string(node.field("name").text(text_))] = node;
    } else if (node.type() == "lexical_declaration" || node.type() == "variable_declaration") {
      for (const Node one : node.named_children()) {
        if (one.type() != "variable_declarator") continue;
        const Node value = one.field("value");
        const std::string name(one.field("name").text(text_));
        if (is_function(value) || is_class(value)) {
          definitions_[name] = value;
        } else if (value) {
          constants_[name] = value;
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
        } else if (is_function(value) || is_class(value)) {
          std::string name(value.field("name").text(text_));
          if (name.empty()) name = is_class(value) ? "Default" : "main";
          definitions_[name] = value;
          add_export(name, Way::by_default, "");
        }
        return;
      }
      if (is_class(declaration) || is_function(declaration)) {
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
      if (right.type() == "object") {
        read_exported_object(right);
      } else if (right.type() == "identifier") {
        add_export(std::string(right.text(text_)), Way::whole, "");
      } else if (is_function(right) || is_class(right)) {
        std::string name(right.field("name").text(text_));
        if (name.empty()) name = is_class(right) ? "Default" : "main";
        definitions_[name] = right;
        add_export(name, Way::whole, "");
      }
      return;
    }
    for (const std::string_view prefix : {"module.exports.", "exports."}) {
      if (!left.starts_with(prefix)) continue;
      const std::string name(left.substr(prefix.size()));
      if (right.type() == "identifier") {
        add_export(std::string(right.text(text_)), Way::named, name);
      } else if (is_function(right) || is_class(right)) {
        definitions_[name] = right;
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
        } else if (is_function(value) || is_class(value)) {
          definitions_[key] = value;
          add_export(key, Way::named, key);
        }
      } else if (one.type() == "method_definition") {
        const std::string name(one.field("name").text(text_));
        definitions_[name] = one;
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

  void note_hidden_field(Node member) {
    if (member.type() != "public_field_definition") return;  // The grammar's name for any field.
    for (const Node part : member.named_children()) {
      if (part.type() == "accessibility_modifier" && part.text(text_) != "public")
        out_.hidden.emplace_back(member.field("name").text(text_));
    }
  }

  void read_class(Node node, const std::string& name) {
    if (node.has_error()) return;
    const std::size_t first = out_.functions.size();
    std::vector<Parameter> construction;
    const Node body = node.field("body");
    for (const Node child : body.named_children()) {
      if (child.type() == "method_definition" && child.field("name").text(text_) == "constructor")
        construction = parameters_of(child, doc_of(doc_before(child)));
    }
    for (const Node child : body.named_children()) {
      note_hidden_field(child);
      if (child.type() != "method_definition") continue;
      const std::string method(child.field("name").text(text_));
      if (method == "constructor" || method.starts_with('_') || method.starts_with('#') ||
          method.starts_with('[') || has_token(child, "set"))
        continue;
      bool hidden = false;
      for (const Node part : child.named_children())
        hidden =
            hidden || (part.type() == "accessibility_modifier" && part.text(text_) != "public");
      if (!hidden) read_function(child, method, name, true);
    }
    for (std::size_t i = first; i < out_.functions.size(); ++i) {
      if (out_.functions[i].needs_object()) out_.functions[i].construction = construction;
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
    read_literals(node, out.literals);
    read_doc_literals(out.doc, out.literals);
    const Node whole = statement_of(node);
    out.begin = whole.begin();
    out.end = whole.end();
    out.first_line = whole.first_line();
    out.last_line = whole.last_line();
    read_examples(node, out);
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
        Type guess = name.type() == "object_pattern"
                         ? pattern_type(name, function)
                         : guessed_type(parameter.name, fallback, function.field("body"), 0);
        if (parameter.takes_rest && guess.kind != Kind::list)
          guess = type_of(Kind::list, {type_of(Kind::integer)});
        if (parameter.type.kind == Kind::unknown || guess.kind == Kind::list)
          parameter.type = std::move(guess);
      }
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

  // function f({ a, b = 2 })
  Type pattern_type(Node pattern, Node function) {
    Type out = type_of(Kind::record);
    for (const Node one : pattern.named_children()) {
      Node name = one;
      Node fallback;
      if (one.type() == "object_assignment_pattern") {
        name = one.field("left");
        fallback = one.field("right");
      } else if (one.type() == "pair_pattern") {
        name = one.field("key");
      }
      if (name.type() != "shorthand_property_identifier_pattern" &&
          name.type() != "property_identifier")
        continue;
      const std::string text(name.text(text_));
      Type of = guessed_type(text, fallback, function.field("body"), 1);
      out.texts.push_back(text);
      out.of.push_back(fallback ? type_of(Kind::optional, {std::move(of)}) : std::move(of));
    }
    return out;
  }

  struct Uses {
    int text = 0;
    int map = 0;
    int own_map = 0;  // Map and Set, by their methods.
    int sequence = 0;
    int rows = 0;
    int number = 0;
    int division = 0;
    int called = 0;
    int date = 0;
    std::size_t called_with = 0;
    std::vector<std::string> fields;
    std::vector<std::pair<std::string, Node>>
        elements;  // Names of elements, and where they are seen.
  };

  // What the default is, what the body does with it, what it is called.
  // leyden:ignore common.complex-function to be taken apart, as the Python side was
  Type guessed_type(const std::string& name, Node fallback, Node body, std::size_t depth) {
    if (depth > 4) return {};
    const std::string_view kind = fallback.type();
    if (kind == "number")
      return fallback.text(text_).find('.') == std::string_view::npos ? type_of(Kind::integer)
                                                                      : javascript_number(true);
    if (kind == "string" || kind == "template_string") return type_of(Kind::text);
    if (kind == "true" || kind == "false") return type_of(Kind::boolean);
    Uses uses;
    look(body, name, uses, 0);
    if (kind == "object" && uses.fields.empty())
      return type_of(Kind::map, {type_of(Kind::text), type_of(Kind::integer)});
    if (kind == "arrow_function" || uses.called > 0) return javascript_callback(uses.called_with);
    if (uses.date > 0) return javascript_type("Date", names_);
    if (uses.text > 0 && uses.text >= uses.map) return type_of(Kind::text);
    static const std::set<std::string_view> kTexts = {
        "s",      "text",    "string", "name",  "word", "line",      "path", "pattern",  "prefix",
        "suffix", "message", "msg",    "title", "char", "sentence",  "str",  "phrase",   "key",
        "input",  "label",   "email",  "url",   "slug", "separator", "code", "currency", "unit"};
    static const std::set<std::string_view> kNumbers = {
        "n",        "m",      "k",      "i",       "j",    "x",     "y",      "a",
        "b",        "num",    "number", "count",   "size", "index", "limit",  "width",
        "height",   "length", "year",   "month",   "day",  "hour",  "minute", "age",
        "score",    "amount", "price",  "start",   "stop", "end",   "base",   "digits",
        "row",      "column", "hours",  "minutes", "min",  "max",   "total",  "rate",
        "quantity", "qty",    "page",   "step",    "low",  "high",  "value",  "seconds",
        "capacity", "id",     "from",   "to"};
    if (uses.rows > 0) return type_of(Kind::list, {type_of(Kind::list, {type_of(Kind::integer)})});
    if (uses.sequence > 0 || kind == "array") {
      if (kTexts.contains(name) && uses.elements.empty() && kind != "array")
        return type_of(Kind::text);
      for (const auto& [element, scope] : uses.elements) {
        if (Type of = guessed_type(element, {}, scope, depth + 1); of.kind != Kind::unknown)
          return type_of(Kind::list, {std::move(of)});
      }
      const bool texts = kTexts.contains(std::string_view(name).substr(0, name.size() - 1));
      return type_of(Kind::list, {texts ? type_of(Kind::text) : type_of(Kind::integer)});
    }
    if (uses.own_map > 0)
      return {
          .kind = Kind::map, .of = {type_of(Kind::text), type_of(Kind::integer)}, .name = "Map"};
    if (uses.map > 0) return type_of(Kind::map, {type_of(Kind::text), type_of(Kind::integer)});
    if (!uses.fields.empty()) {
      Type out = type_of(Kind::record);
      for (const std::string& field : uses.fields) {
        Type of = guessed_type(name + "." + field, {}, body, depth + 1);
        if (of.kind == Kind::unknown) of = guessed_type(field, {}, {}, depth + 1);
        out.texts.push_back(field);
        out.of.push_back(std::move(of));
      }
      return out;
    }
    if (uses.number > 0) return javascript_number(uses.division > 0);
    if (kTexts.contains(name)) return type_of(Kind::text);
    if (kNumbers.contains(name)) return type_of(Kind::integer);
    if ((name.starts_with("is") || name.starts_with("has")) && name.size() > 3 &&
        name[name.starts_with("is") ? 2 : 3] >= 'A' && name[name.starts_with("is") ? 2 : 3] <= 'Z')
      return type_of(Kind::boolean);
    if (name == "reverse" || name == "verbose" || name == "flag" || name == "strict")
      return type_of(Kind::boolean);
    if (name == "fn" || name == "callback" || name == "predicate" || name == "compare")
      return javascript_callback(name == "compare" ? 2 : 1);
    if (name.find('.') != std::string::npos) return {};
    if (name.ends_with("s") && name.size() > 3)
      return type_of(Kind::list, {type_of(Kind::integer)});
    return {};
  }

  // leyden:ignore common.complex-function to be taken apart, as the Python side was
  void look(Node node, const std::string& name, Uses& uses, std::size_t depth) {
    if (depth > kDepthMax) return;
    const auto is_it = [&](Node one) {
      if (one.type() == "parenthesized_expression") one = one.named_child(0);
      return (one.type() == "identifier" || one.type() == "member_expression") &&
             one.text(text_) == name;
    };
    const std::string_view kind = node.type();
    if (kind == "member_expression" && is_it(node.field("object"))) {
      const std::string property(node.field("property").text(text_));
      look_at_property(node, property, uses);
    } else if (kind == "subscript_expression" && is_it(node.field("object"))) {
      const Node index = node.field("index");
      if (index.type() == "string" || index.text(text_) == "key") {
        ++uses.map;
      } else {
        ++uses.sequence;
        if (node.parent().type() == "subscript_expression" && node.parent().field("object") == node)
          ++uses.rows;
      }
    } else if (kind == "call_expression") {
      look_at_call(node, is_it, uses);
    } else if (kind == "for_in_statement" && is_it(node.field("right"))) {
      if (node.field("operator").text(text_) == "in") {
        ++uses.map;
      } else {
        ++uses.sequence;
        if (node.field("left").type() == "identifier")
          uses.elements.emplace_back(node.field("left").text(text_), node.field("body"));
      }
    } else if (kind == "spread_element" && is_it(node.named_child(0)) &&
               node.parent().type() != "object") {
      ++uses.sequence;
    } else if (kind == "unary_expression" && node.text(text_).starts_with("typeof")) {
      if (is_it(node.field("argument"))) {
        const std::string_view whole = node.parent().text(text_);
        if (whole.find("\"string\"") != std::string_view::npos ||
            whole.find("'string'") != std::string_view::npos)
          ++uses.text;
        if (whole.find("\"number\"") != std::string_view::npos ||
            whole.find("'number'") != std::string_view::npos)
          ++uses.number;
      }
    } else if (kind == "binary_expression") {
      const std::string_view sign = node.field("operator").text(text_);
      const bool left = is_it(node.field("left"));
      if (left || is_it(node.field("right"))) {
        const Node other = left ? node.field("right") : node.field("left");
        static const std::set<std::string_view> kArithmetic = {"-",  "*",  "/", "%", "**",
                                                               "<<", ">>", "&", "|", "^"};
        const bool number = other.type() == "number" || other.type() == "unary_expression";
        if (other.type() == "string" && sign != "in" && sign != "+") ++uses.text;
        if (other.type() == "string" && sign == "+") ++uses.text;
        if (kArithmetic.contains(sign) || (number && sign != "in")) ++uses.number;
        if (sign == "/" && left) ++uses.division;
        if (sign == "in" && !left) ++uses.map;
        if (sign == "instanceof" && left) {
          const std::string_view of = other.text(text_);
          uses.date += of == "Date" ? 1 : 0;
          uses.own_map += of == "Map" ? 1 : 0;
          uses.sequence += of == "Array" ? 1 : 0;
        }
      }
    } else if (kind == "augmented_assignment_expression" && is_it(node.field("right"))) {
      if (node.field("operator").text(text_) != "+=") ++uses.number;
    } else if (kind == "update_expression" && is_it(node.field("argument"))) {
      ++uses.number;
    }
    for (const Node child : node.named_children()) look(child, name, uses, depth + 1);
  }

  void look_at_property(Node node, const std::string& property, Uses& uses) {
    static const std::set<std::string_view> kOfText = {
        "split",     "trim",    "toLowerCase", "toUpperCase", "replace",       "startsWith",
        "endsWith",  "charAt",  "charCodeAt",  "padStart",    "padEnd",        "repeat",
        "substring", "substr",  "match",       "replaceAll",  "localeCompare", "codePointAt",
        "trimStart", "trimEnd", "normalize",   "search",      "matchAll"};
    static const std::set<std::string_view> kOfList = {
        "push",    "sort", "map",       "filter",  "reduce", "forEach",  "some",
        "every",   "find", "findIndex", "pop",     "shift",  "unshift",  "splice",
        "reverse", "join", "flat",      "flatMap", "fill",   "findLast", "reduceRight"};
    static const std::set<std::string_view> kOfBoth = {
        "length", "slice", "indexOf", "includes", "concat", "lastIndexOf", "at"};
    static const std::set<std::string_view> kOfNumber = {"toFixed", "toPrecision"};
    static const std::set<std::string_view> kNothing = {
        "toString", "valueOf", "hasOwnProperty", "constructor", "then", "call", "apply"};
    if (kOfText.contains(property)) {
      ++uses.text;
    } else if (kOfList.contains(property)) {
      ++uses.sequence;
      note_element(node, property, uses);
    } else if (kOfBoth.contains(property)) {
      ++uses.sequence;
    } else if (kOfNumber.contains(property)) {
      ++uses.number;
      ++uses.division;
    } else if (property == "has" || property == "get" || property == "set" ||
               property == "entries" || property == "keys") {
      ++uses.own_map;
    } else if (property.starts_with("getFull") || property.starts_with("getUTC") ||
               property == "getTime" || property == "toISOString" || property == "getMonth" ||
               property == "getDay" || property == "getDate") {
      ++uses.date;
    } else if (!kNothing.contains(property)) {
      if (std::ranges::find(uses.fields, property) == uses.fields.end())
        uses.fields.push_back(property);
    }
  }

  // rows.map((row) => row.price): what a row is shows in the arrow function.
  void note_element(Node member, const std::string& method, Uses& uses) {
    const Node call = member.parent();
    if (call.type() != "call_expression") return;
    const Node callback = call.field("arguments").named_child(0);
    if (!is_function(callback)) return;
    std::vector<Node> parameters = callback.field("parameters").named_children();
    if (const Node only = callback.field("parameter")) parameters = {only};
    const std::size_t place = method == "reduce" ? 1 : 0;
    if (place >= parameters.size()) return;
    Node parameter = parameters[place];
    if (parameter.type() == "required_parameter") parameter = parameter.field("pattern");
    if (parameter.type() == "identifier")
      uses.elements.emplace_back(parameter.text(text_), callback.field("body"));
  }

  template <class IsIt>
  void look_at_call(Node node, const IsIt& is_it, Uses& uses) {
    const Node called_node = node.field("function");
    const std::string_view called = called_node.text(text_);
    const Node arguments = node.field("arguments");
    if (is_it(called_node) && called_node.type() == "identifier") {
      ++uses.called;
      uses.called_with = std::max<std::size_t>(uses.called_with, arguments.named_child_count());
    }
    for (const Node argument : arguments.named_children()) {
      if (!is_it(argument)) continue;
      if (called.starts_with("Math.") || called == "Number.isInteger" ||
          called == "Number.isFinite" || called == "isNaN" || called == "Number.isNaN") {
        ++uses.number;
        if (called != "Number.isInteger" && called != "Math.abs") ++uses.division;
      } else if (called.starts_with("Object.")) {
        ++uses.map;
      } else if (called == "parseInt" || called == "parseFloat" || called.ends_with(".test") ||
                 called.ends_with(".exec")) {
        ++uses.text;
      } else if (called == "Array.isArray" || called == "Array.from") {
        ++uses.sequence;
      }
    }
  }

  template <class T>
  static void add(std::vector<T>& all, T value) {
    if (all.size() < kLiteralsMax && std::ranges::find(all, value) == all.end())
      all.push_back(std::move(value));
  }

  static void add_number(std::string text, bool negative, Literals& out) {
    std::erase(text, '_');
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return;
    if (negative) value = -value;
    if (value == static_cast<double>(static_cast<std::int64_t>(value)) && value < 9e15 &&
        value > -9e15) {
      add(out.integers, static_cast<std::int64_t>(value));
    } else {
      add(out.reals, value);
    }
  }

  void read_literals(Node node, Literals& out, std::size_t depth = 0) {
    if (depth > kDepthMax) return;
    const std::string_view kind = node.type();
    if (kind == "type_annotation" || kind == "type_arguments") return;
    const std::string text(node.text(text_));
    if (kind == "number") {
      const bool negative =
          node.parent().type() == "unary_expression" && node.parent().text(text_).starts_with('-');
      add_number(text, negative, out);
    } else if (kind == "string" || (kind == "template_string" && node.named_child_count() == 0)) {
      const auto value = plain_string(text);
      if (value && !value->empty() && value->size() <= kLiteralBytesMax) add(out.texts, *value);
      return;
    } else if (kind == "pair" || kind == "shorthand_property_identifier") {
      const std::string key(node.field("key").text(text_));
      if (node.field("key").type() == "property_identifier" && key.size() <= kLiteralBytesMax)
        add(out.texts, key);
    } else if (kind == "identifier") {
      if (const auto constant = constants_.find(text);
          constant != constants_.end() && depth < 150) {
        const Node value = constant->second;
        constants_.erase(constant);  // Once, and never into itself.
        read_literals(value, out, depth + 1);
        constants_[text] = value;
      }
    }
    for (const Node child : node.named_children()) read_literals(child, out, depth + 1);
  }

  // Texts and numbers of the examples: what people pass.
  static void read_doc_literals(std::string_view doc, Literals& out) {
    for (std::size_t i = 0; i < doc.size(); ++i) {
      const char c = doc[i];
      const bool starts = i == 0 || !is_word(doc[i - 1]);
      if ((c == '"' || c == '\'' || c == '`') && starts) {
        const std::size_t end = doc.find(c, i + 1);
        const std::size_t line = doc.find('\n', i + 1);
        if (end == std::string_view::npos || end > line || end - i > kLiteralBytesMax) continue;
        if (end > i + 1) add(out.texts, std::string(doc.substr(i + 1, end - i - 1)));
        i = end;
      } else if (c >= '0' && c <= '9' && starts) {
        std::size_t end = i;
        while (end < doc.size() && (is_word(doc[end]) || doc[end] == '.')) ++end;
        add_number(std::string(doc.substr(i, end - i)), i > 0 && doc[i - 1] == '-', out);
        i = end - 1;
      }
    }
  }

  std::string_view text_;
  JavascriptNames names_;
  std::map<std::string, Node> definitions_;
  std::map<std::string, Node> constants_;
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
    if ((at == 0 || (!is_word(text[at - 1]) && text[at - 1] != '.')) &&
        (end == text.size() || !is_word(text[end])))
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
  return plain_string(name.text(code));
}

}  // namespace leyden::qa
