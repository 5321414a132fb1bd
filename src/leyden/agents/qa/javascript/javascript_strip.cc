#include "leyden/agents/qa/javascript/javascript_strip.h"

#include <algorithm>
#include <set>

#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 400;

class Stripper {
 public:
  explicit Stripper(std::string_view text) : text_(text), out_(text) {}

  Result<StrippedTypescript> strip(Node root) {
    walk(root, 0);
    if (!trouble_.empty()) return fail(Errc::unsupported, "{}", trouble_);
    std::ranges::sort(additions_, {}, &StrippedTypescript::Addition::at);
    return StrippedTypescript{.text = std::move(out_), .additions = std::move(additions_)};
  }

 private:
  void blank(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (out_[i] != '\n' && out_[i] != '\r') out_[i] = ' ';
    }
  }
  void blank(Node node) { blank(node.begin(), node.end()); }
  // A statement that is nothing but types: what stands before it must not run into what follows.
  void blank_statement(Node node) {
    blank(node);
    if (node.end() > node.begin()) out_[node.begin()] = ';';
  }
  void refuse(Node node, std::string_view what) {
    if (trouble_.empty())
      trouble_ = fmt::format("line {}: {} can't be left out of TypeScript as types can",
                             node.first_line(), what);
  }

  static bool is_token(Node node, std::string_view text) {
    return !node.is_named() && node.type() == text;
  }

  // Names that are only used as types must not be imported: they are not there.
  [[nodiscard]] bool used_as_value(Node root, std::string_view name, Node but,
                                   std::size_t depth = 0) const {
    if (depth > kDepthMax || root == but) return false;
    const std::string_view type = root.type();
    if (type == "type_annotation" || type == "interface_declaration" ||
        type == "type_alias_declaration" || type == "type_arguments" || type == "type_parameters" ||
        type == "import_statement")
      return false;
    if ((type == "identifier" || type == "shorthand_property_identifier") &&
        root.text(text_) == name)
      return true;
    return std::ranges::any_of(root.named_children(), [&](Node child) {
      return used_as_value(child, name, but, depth + 1);
    });
  }

  void walk_import(Node node) {
    Node clause;
    for (const Node child : node.named_children()) {
      if (child.type() == "import_clause") clause = child;
      if (child.type() == "import_require_clause") refuse(node, "import = require()");
    }
    for (std::uint32_t i = 0; i < node.child_count(); ++i) {
      if (is_token(node.child(i), "type")) {
        blank_statement(node);
        return;
      }
    }
    if (!clause) return;
    Node root = node;
    while (root.parent()) root = root.parent();
    std::size_t kept = 0;
    const auto keeps = [&](Node name) {
      const bool keep = used_as_value(root, name.text(text_), node);
      kept += keep ? 1 : 0;
      return keep;
    };
    for (const Node part : clause.named_children()) {
      if (part.type() == "identifier") {
        if (!keeps(part)) {
          if (clause.named_child_count() == 1) {
            blank_statement(node);
            return;
          }
        }
      } else if (part.type() == "namespace_import") {
        ++kept;
      } else if (part.type() == "named_imports") {
        for (const Node one : part.named_children()) {
          const Node name = one.field("alias") ? one.field("alias") : one.field("name");
          const bool type_only = one.child_count() > 0 && is_token(one.child(0), "type");
          if (!type_only && keeps(name)) continue;
          std::size_t end = one.end();
          if (text_.substr(end, 1) == ",") ++end;
          blank(one.begin(), end);
        }
      }
    }
    if (kept == 0 && clause.named_child_count() > 0) blank_statement(node);
  }

  void walk_export_clause(Node clause) {
    for (const Node one : clause.named_children()) {
      if (one.child_count() == 0 || !is_token(one.child(0), "type")) continue;
      std::size_t end = one.end();
      if (text_.substr(end, 1) == ",") ++end;
      blank(one.begin(), end);
    }
  }

  static bool is_parameter_property(Node parameter) {
    for (std::uint32_t i = 0; i < parameter.child_count(); ++i) {
      const Node child = parameter.child(i);
      if (child.type() == "accessibility_modifier" || child.type() == "override_modifier" ||
          is_token(child, "readonly"))
        return true;
    }
    return false;
  }

  void add(std::size_t at, std::string text) {
    additions_.push_back({.at = at, .text = std::move(text)});
  }

  // `constructor(private x: number) {` is `constructor(x) { this.x = x;`, where there is a base class behind `super(...)`.
  void add_parameter_properties(Node method) {
    std::string assignments;
    for (const Node parameter : method.field("parameters").named_children()) {
      const std::string_view name = parameter.field("pattern").text(text_);
      if (is_parameter_property(parameter))
        assignments += fmt::format(" this.{} = {};", name, name);
    }
    const Node body = method.field("body");
    if (assignments.empty() || !body) return;
    const Node of_class = method.parent();
    for (const Node member : of_class.named_children()) {
      if (member.type() == "public_field_definition" && reads_this(member.field("value"), 0))
        return refuse(member, "what a field reads from `this` beside a parameter property");
    }
    std::size_t place = body.begin() + 1;
    const std::vector<Node> before = of_class.parent().named_children();
    if (std::ranges::any_of(before, [&](Node one) { return is_extension(one); })) {
      const std::vector<Node> statements = body.named_children();
      const auto call = std::ranges::find_if(statements, [](Node one) {
        return one.named_child(0).field("function").type() == "super";
      });
      if (call == statements.end()) return refuse(method, "a parameter property without super()");
      place = call->end();
      assignments.insert(0, ";");
    }
    add(place, std::move(assignments));
  }
  static bool is_extension(Node part) {
    return part.type() == "class_heritage" && part.named_child(0).type() == "extends_clause";
  }
  // While the object is made: what stands in a function runs later.
  static bool reads_this(Node node, std::size_t depth) {
    static const std::set<std::string_view> kLater = {"arrow_function", "function_expression",
                                                      "class", "generator_function"};
    if (depth > kDepthMax || kLater.contains(node.type())) return false;
    return node.type() == "this" || std::ranges::any_of(node.named_children(), [&](Node child) {
             return reads_this(child, depth + 1);
           });
  }

  // An object with its members, both ways where they are numbers. `whole`: with the `export` before it.
  void walk_enum(Node node, Node whole, std::size_t depth) {
    const std::string name(node.field("name").text(text_));
    if (!enums_.insert(name).second) return refuse(node, "an enum in several parts");
    std::string out = fmt::format("{}var {} = {{}}; {{", whole == node ? "" : "export ", name);
    std::set<std::string_view> texts;  // Members that are texts.
    std::string next = "0";
    for (const Node member : node.field("body").named_children()) {
      if (member.type() == "comment") continue;
      const Node key = member.type() == "enum_assignment" ? member.field("name") : member;
      if (key.type() != "property_identifier")
        return refuse(member, "an enum's member that is no plain name");
      const std::string_view label = key.text(text_);
      if (const Node value = member.field("value")) {
        walk(value, depth + 1);
        next = out_.substr(value.begin(), value.end() - value.begin());
        std::ranges::replace(next, '\n', ' ');
        if (is_text(value, texts)) texts.insert(label);
      }
      out +=
          texts.contains(label)
              ? fmt::format(" const {0} = {1}; {2}.{0} = {0};", label, next, name)
              : fmt::format(" const {0} = {1}; {2}[{2}.{0} = {0}] = \"{0}\";", label, next, name);
      next = fmt::format("{} + 1", label);
    }
    blank_statement(whole);
    add(whole.begin() + 1, out + " }");
  }
  [[nodiscard]] bool is_text(Node value, const std::set<std::string_view>& texts) const {
    return value.type() == "string" || value.type() == "template_string" ||
           (value.type() == "identifier" && texts.contains(value.text(text_))) ||
           (value.type() == "binary_expression" &&
            std::ranges::any_of(value.named_children(),
                                [&](Node side) { return is_text(side, texts); }));
  }

  // leyden:ignore common.complex-function to be taken apart, as the Python side was
  void walk(Node node, std::size_t depth) {
    if (depth > kDepthMax) return;
    const std::string_view type = node.type();
    static const std::set<std::string_view> kTypes = {
        "type_annotation",          "type_parameters",           "type_arguments",
        "accessibility_modifier",   "override_modifier",         "implements_clause",
        "asserts_annotation",       "type_predicate_annotation", "opting_type_annotation",
        "omitting_type_annotation", "adding_type_annotation"};
    static const std::set<std::string_view> kStatements = {
        "interface_declaration", "type_alias_declaration", "ambient_declaration",
        "function_signature"};
    if (kTypes.contains(type)) {
      blank(node);
      return;
    }
    if (kStatements.contains(type)) {
      blank_statement(node);
      return;
    }
    if (type == "method_signature" || type == "abstract_method_signature" ||
        type == "index_signature") {
      std::size_t end = node.end();
      if (text_.substr(end, 1) == ";") ++end;
      blank(node.begin(), end);
      return;
    }
    if (type == "enum_declaration") return walk_enum(node, node, depth);
    if (type == "internal_module" || type == "module") return refuse(node, "a namespace");
    if (type == "decorator") return refuse(node, "a decorator");
    if (type == "import_alias") return refuse(node, "import =");
    if (type == "import_statement") return walk_import(node);
    if (type == "export_statement") {
      const Node declaration = node.field("declaration");
      if (kStatements.contains(declaration.type())) return blank_statement(node);
      if (declaration.type() == "enum_declaration") return walk_enum(declaration, node, depth);
      for (std::uint32_t i = 0; i < node.child_count(); ++i) {
        if (is_token(node.child(i), "type")) return blank_statement(node);
        if (is_token(node.child(i), "=")) return refuse(node, "export =");
        if (node.child(i).type() == "export_clause") walk_export_clause(node.child(i));
      }
    }
    if (type == "as_expression" || type == "satisfies_expression") {
      const Node value = node.named_child(0);
      walk(value, depth + 1);
      blank(value.end(), node.end());
      return;
    }
    if (type == "non_null_expression") {
      const Node value = node.named_child(0);
      walk(value, depth + 1);
      blank(value.end(), node.end());
      return;
    }
    if (type == "public_field_definition") {
      for (std::uint32_t i = 0; i < node.child_count(); ++i) {
        const Node child = node.child(i);
        if (is_token(child, "declare")) {
          blank(node);
          return;
        }
        if (is_token(child, "readonly") || is_token(child, "?") || is_token(child, "!") ||
            is_token(child, "abstract"))
          blank(child);
      }
    }
    if (type == "required_parameter" || type == "optional_parameter") {
      for (std::uint32_t i = 0; i < node.child_count(); ++i) {
        const Node child = node.child(i);
        if (is_token(child, "?") || is_token(child, "readonly")) blank(child);
      }
      if (node.field("pattern").type() == "this") {
        std::size_t end = node.end();
        while (end < text_.size() && text_[end] == ' ') ++end;
        if (text_.substr(end, 1) == ",") ++end;
        blank(node.begin(), end);
        return;
      }
    }
    if (type == "method_definition") add_parameter_properties(node);
    if (type == "abstract_class_declaration" || type == "method_definition" ||
        type == "variable_declarator" || type == "function_signature") {
      for (std::uint32_t i = 0; i < node.child_count(); ++i) {
        const Node child = node.child(i);
        if (is_token(child, "abstract") || is_token(child, "?") || is_token(child, "!"))
          blank(child);
      }
    }
    for (std::uint32_t i = 0; i < node.child_count(); ++i) {
      if (node.child(i).child_count() > 0)
        walk(node.child(i), depth + 1);
      else if (kTypes.contains(node.child(i).type()))
        blank(node.child(i));
    }
  }

  std::string_view text_;
  std::string out_;
  std::vector<StrippedTypescript::Addition> additions_;
  std::set<std::string> enums_;
  std::string trouble_;
};

}  // namespace

std::string StrippedTypescript::whole() const {
  std::string out;
  std::size_t at = 0;
  for (const Addition& one : additions) {
    out += text.substr(at, one.at - at) + one.text;
    at = one.at;
  }
  return out + text.substr(at);
}

namespace {

// Where the innermost of what does not parse begins.
std::size_t line_of_error(Node node) {
  for (bool deeper = true; deeper;) {
    deeper = false;
    for (const Node child : node.named_children()) {
      if (!child.has_error()) continue;
      node = child;
      deeper = true;
      break;
    }
  }
  return node.first_line();
}

}  // namespace

Result<StrippedTypescript> javascript_of_typescript(std::string_view text) {
  auto tree = syntax::parse(syntax::Language::typescript, text);
  if (!tree) return std::unexpected(tree.error());
  if (tree->has_errors())
    return fail(Errc::invalid_argument, "line {}: it does not parse as TypeScript",
                line_of_error(tree->root()));
  auto out = Stripper(text).strip(tree->root());
  if (!out) return out;
  for (const std::string& javascript : {out->text, out->whole()}) {
    auto check = syntax::parse(syntax::Language::javascript, javascript);
    if (!check) return std::unexpected(check.error());
    if (check->has_errors())
      return fail(Errc::unsupported, "its types can't be left out: what is left is no JavaScript");
  }
  return out;
}

}  // namespace leyden::qa
