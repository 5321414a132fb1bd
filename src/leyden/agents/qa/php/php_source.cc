#include "leyden/agents/qa/php/php_source.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "leyden/agents/qa/compared_texts.h"
#include "leyden/agents/qa/literals.h"
#include "leyden/agents/qa/php/php_types.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;

constexpr std::size_t kDepthMax = 200;

bool has_modifier(Node node, std::string_view type, std::string_view word, std::string_view text) {
  return std::ranges::any_of(node.named_children(), [&](Node child) {
    return child.type() == type && (word.empty() || child.text(text) == word);
  });
}

// A phpdoc comment's text without its stars.
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

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  PhpSource read(Node root) {
    note_names(root);
    for (const Node node : statements_of(root)) read_definition(node);
    return std::move(out_);
  }

 private:
  // Those of a namespace in braces, too.
  std::vector<Node> statements_of(Node root) {
    std::vector<Node> out;
    for (const Node node : root.named_children()) {
      if (node.type() == "namespace_definition") out_.space = node.field("name").text(text_);
      if (const Node body = node.field("body"); node.type() == "namespace_definition" && body) {
        const std::vector<Node> inner = body.named_children();
        out.insert(out.end(), inner.begin(), inner.end());
      } else {
        out.push_back(node);
      }
    }
    return out;
  }

  void note_names(Node root) {
    for (const Node node : statements_of(root)) {
      const std::string name(node.field("name").text(text_));
      if (node.type() == "class_declaration" &&
          !has_modifier(node, "abstract_modifier", "", text_)) {
        names_.classes.insert(name);
      } else if (node.type() == "enum_declaration") {
        for (const Node one : node.field("body").named_children()) {
          if (one.type() == "enum_case")
            names_.enums[name].push_back(name + "::" + std::string(one.field("name").text(text_)));
        }
      } else if (node.type() == "const_declaration") {
        note_constants(node);
      }
      if (node.type() == "class_declaration") bodies_.emplace(name, node);
      for (const Node one : node.field("body").named_children()) {
        if (one.type() == "const_declaration") note_constants(one);
        if (one.type() == "property_declaration" && has_modifier(one, "static_modifier", "", text_))
          note_constants(one);
      }
    }
  }
  // What is compared with by its name.
  void note_constants(Node declaration) {
    for (const Node one : declaration.named_children()) {
      if (one.type() == "const_element") {
        constants_.emplace(one.named_child(0).text(text_), one.named_child(1));
      } else if (one.type() == "property_element") {
        constants_.emplace(one.field("name").text(text_), one.field("default_value"));
      }
    }
  }

  void read_definition(Node node) {
    if (node.type() == "function_definition") {
      read_function(node, node, {});
    } else if (node.type() == "class_declaration" || node.type() == "enum_declaration") {
      read_class(node);
    } else if (node.type() == "if_statement") {  // `if (!function_exists('f')) {`
      for (const Node one : node.field("body").named_children()) {
        if (one.type() == "function_definition") read_function(one, one, {});
      }
    }
  }

  // A class, as its methods see it.
  struct Owner {
    std::string name;
    bool can_be_made = true;
    std::vector<Parameter> construction;
    Node node;
  };

  void read_class(Node node) {
    Owner owner{
        .name = std::string(node.field("name").text(text_)), .construction = {}, .node = node};
    const std::string_view base = node.named_child(1).type() == "base_clause"
                                      ? node.named_child(1).text(text_)
                                      : std::string_view();
    if (node.has_error() || base.ends_with("Exception") || base.ends_with("Error") ||
        base.ends_with("TestCase"))
      return;
    if (node.type() == "enum_declaration") {
      Type cases{.kind = Kind::expression, .of = {}, .name = {}};
      cases.texts = names_.enums[owner.name];
      owner.construction = {{.name = kEnumCase, .type = std::move(cases), .annotated = true}};
      owner.can_be_made = !owner.construction[0].type.texts.empty();
    } else {
      owner.can_be_made = !has_modifier(node, "abstract_modifier", "", text_);
      if (const auto made = constructor_of(node, 0)) {
        if (has_modifier(*made, "visibility_modifier", "private", text_) ||
            has_modifier(*made, "visibility_modifier", "protected", text_))
          owner.can_be_made = false;
        owner.construction = parameters_of(*made, node.field("body"), owner.name);
      }
    }
    const std::size_t before = out_.functions.size();
    for (const Node one : node.field("body").named_children()) {
      if (one.type() == "method_declaration") read_function(one, one, owner);
    }
    // What a private method compares with comes through a public one.
    Literals all;
    read_literals(node.field("body"), all);
    for (std::size_t i = before; i < out_.functions.size(); ++i)
      merge_literals(all, out_.functions[i].literals);
  }

  // Its own or that of a base class in this file.
  std::optional<Node> constructor_of(Node node, std::size_t depth) const {
    for (const Node one : node.field("body").named_children()) {
      if (one.type() == "method_declaration" && one.field("name").text(text_) == "__construct")
        return one;
    }
    for (const Node one : node.named_children()) {
      if (one.type() != "base_clause" || depth > 5) continue;
      const auto base = bodies_.find(std::string(one.named_child(0).text(text_)));
      if (base != bodies_.end()) return constructor_of(base->second, depth + 1);
    }
    return std::nullopt;
  }

  void read_function(Node outer, Node node, const Owner& owner) {
    Function out;
    out.name = node.field("name").text(text_);
    static const std::set<std::string_view> kOperators = {"__toString", "__invoke"};
    const bool is_static = has_modifier(node, "static_modifier", "", text_);
    if (node.has_error() || !node.field("body") ||
        (out.name.starts_with("__") && !kOperators.contains(out.name)) ||
        has_modifier(node, "visibility_modifier", "private", text_) ||
        has_modifier(node, "visibility_modifier", "protected", text_) ||
        (!owner.name.empty() && !is_static && !owner.can_be_made))
      return;
    out.class_name = owner.name;
    out.kind = owner.name.empty() ? Function::Kind::function
               : is_static        ? Function::Kind::static_method
                                  : Function::Kind::method;
    if (out.kind == Function::Kind::method) out.construction = owner.construction;
    out.parameters = parameters_of(node, node.field("body"), owner.name);
    out.doc = doc_before(outer);
    const PhpDoc tags = php_doc(out.doc);
    out.result = php_type(tags.result.empty() ? node.field("return_type").text(text_) : tags.result,
                          names_, owner.name);
    out.begin = outer.begin();
    out.end = outer.end();
    out.first_line = outer.first_line();
    out.last_line = outer.last_line();
    read_literals(node, out.literals);
    read_doc_literals(out.doc, out.literals);
    read_examples(outer, out);
    note_compared_texts(out, text_, true);
    out_.functions.push_back(std::move(out));
  }

  std::string doc_before(Node node) const {
    const Node before = node.previous();
    return before.type() == "comment" ? comment_text(before.text(text_)) : std::string();
  }

  // `add(1, 2) // => 3`, within the comment.
  void read_examples(Node node, const Function& function) {
    const std::string_view doc = function.doc;
    std::size_t line = node.previous().first_line();
    for (std::size_t begin = 0; begin < doc.size(); ++line) {
      const std::size_t end = std::min(doc.find('\n', begin), doc.size());
      const std::string_view text = doc.substr(begin, end - begin);
      begin = end + 1;
      const std::size_t mark = text.find("// =>");
      if (mark == std::string_view::npos) continue;
      std::string_view call = trimmed(text.substr(0, mark));
      if (call.starts_with("@example")) call = trimmed(call.substr(8));
      if (call.ends_with(';')) call.remove_suffix(1);
      if (call.find(function.name) == std::string_view::npos) continue;
      out_.examples.push_back({.function = function.qualified_name(),
                               .line = line,
                               .call = std::string(call),
                               .expected = std::string(trimmed(text.substr(mark + 5)))});
    }
  }

  // `scope` is where their uses are looked for.
  std::vector<Parameter> parameters_of(Node function, Node scope, const std::string& own) const {
    const PhpDoc tags = php_doc(doc_before(function));
    std::vector<Parameter> out;
    for (const Node node : function.field("parameters").named_children()) {
      if (node.type() == "comment" || !node.field("name")) continue;
      Parameter parameter{.name = std::string(node.field("name").text(text_).substr(1)),
                          .type = {}};
      parameter.has_default = bool(node.field("default_value"));
      parameter.takes_rest = node.type() == "variadic_parameter";
      const std::string_view declared = node.field("type").text(text_);
      parameter.type = php_type(declared, names_, own);
      parameter.annotated = parameter.type.kind != Kind::unknown;
      if (const auto said = tags.parameters.find(parameter.name); said != tags.parameters.end()) {
        if (Type better = php_type(said->second, names_, own); better.kind != Kind::unknown) {
          parameter.type = std::move(better);
          parameter.annotated = true;
        }
      }
      const bool bare = declared == "array" && !tags.parameters.contains(parameter.name);
      if (!parameter.annotated || bare) {
        Type guess = php_guess(parameter.name, node.field("default_value"), scope, text_);
        if (!bare || guess.kind == Kind::list || guess.kind == Kind::map ||
            guess.kind == Kind::record)
          parameter.type = std::move(guess);
      }
      if (parameter.takes_rest)
        parameter.type = {.kind = Kind::list, .of = {parameter.type}, .name = {}};
      out.push_back(std::move(parameter));
    }
    return out;
  }

  void read_literals(Node node, Literals& out, std::size_t depth = 0) {
    if (depth > kDepthMax) return;
    const std::string_view kind = node.type();
    const std::string text(node.text(text_));
    if (kind == "integer" || kind == "float") {
      add_number(text,
                 node.parent().type() == "unary_op_expression" &&
                     node.parent().text(text_).starts_with('-'),
                 out);
    } else if (kind == "string" || kind == "encapsed_string") {
      if (node.named_child_count() == 1 && node.named_child(0).type() == "string_content") {
        const std::string value(node.named_child(0).text(text_));
        if (value.size() <= kLiteralBytesMax) add_literal(out.texts, value);
      }
    } else if (kind == "name" || kind == "variable_name") {
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

  std::string_view text_;
  PhpNames names_;
  std::map<std::string, Node> bodies_;  // Of classes.
  std::map<std::string, Node> constants_;
  PhpSource out_;
};

}  // namespace

PhpSource php_source(const syntax::Tree& tree, std::string_view text) {
  return Reader(text).read(tree.root());
}

}  // namespace leyden::qa
