#include "leyden/agents/qa/cpp/cpp_declarations.h"

#include <algorithm>

#include "leyden/agents/qa/cpp/cpp_syntax.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 200;

bool has_child(Node node, std::string_view type) {
  return std::ranges::any_of(node.named_children(),
                             [&](Node child) { return child.type() == type; });
}

bool says(Node node, std::string_view type, std::string_view word, std::string_view text) {
  return std::ranges::any_of(node.named_children(), [&](Node child) {
    return child.type() == type && child.text(text) == word;
  });
}

// Down through pointers, references and attributes.
Node innermost_declarator(Node node, std::string_view wanted) {
  for (std::size_t depth = 0; node && depth < kDepthMax; ++depth) {
    if (node.type() == wanted) return node;
    Node next = node.field("declarator");
    if (!next &&
        (node.type() == "reference_declarator" || node.type() == "parenthesized_declarator" ||
         node.type() == "attributed_declarator"))
      next = node.named_child(0);
    node = next;
  }
  return {};
}

// "a::b" of what is written "a::b<T>".
std::string without_arguments(std::string_view name) {
  std::string out;
  std::size_t depth = 0;
  for (const char c : name) {
    if (c == '<') ++depth;
    if (depth == 0 && c != ' ' && c != '\n') out += c;
    if (c == '>' && depth > 0) --depth;
  }
  return out;
}

std::string joined_scope(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : scope + "::" + name;
}

class Reader {
 public:
  explicit Reader(CppDeclarations& out) : out_(out) {}

  void read(const CppFile& file, std::size_t number) {
    file_ = number;
    readable_ = without_export_macros(file.text);
    text_ = readable_;
    for (const Node child : file.tree.root().named_children()) visit(child, {}, 0);
  }

 private:
  struct Around {
    std::string scope;
    bool in_class = false;
    bool is_public = true;
    std::vector<std::string> template_parameters{};
    bool is_odd_template = false;
  };

  [[nodiscard]] std::string text(Node node) const { return std::string(node.text(text_)); }

  void visit(Node node, const Around& around, std::size_t depth) {
    const std::string_view type = node.type();
    if (depth > kDepthMax) return;
    if (type == "namespace_definition") {
      visit_namespace(node, around, depth);
    } else if (type == "template_declaration") {
      visit_template(node, around, depth);
    } else if (type == "class_specifier" || type == "struct_specifier") {
      add_class(node, around, depth);
    } else if (type == "enum_specifier") {
      add_enum(node, around);
    } else if (type == "alias_declaration") {
      if (around.template_parameters.empty())
        out_.aliases.push_back({.name = joined_scope(around.scope, text(node.field("name"))),
                                .type = text(node.field("type")),
                                .scope = around.scope});
    } else if (type == "type_definition") {
      visit_type_definition(node, around, depth);
    } else if (type == "function_definition" || type == "declaration" ||
               type == "field_declaration") {
      visit_inner_type(node, around, depth);
      add_function(node, around);
    } else if (type == "friend_declaration") {
      visit_friend(node, around);
    } else if (type == "linkage_specification" || type == "declaration_list" ||
               type.starts_with("preproc_if") || type.starts_with("preproc_el")) {
      for (const Node child : node.named_children()) visit(child, around, depth + 1);
    }
  }

  // An operator that is a friend belongs to what is around the class; its arguments find it.
  void visit_friend(Node node, const Around& around) {
    Around outside{
        .scope = around.scope.substr(0, std::min(around.scope.rfind("::"), around.scope.size()))};
    if (outside.scope == around.scope) outside.scope.clear();
    for (const Node child : node.named_children()) {
      if (child.type() != "function_definition" && child.type() != "declaration") continue;
      const std::size_t count = out_.functions.size();
      add_function(child, outside);
      if (out_.functions.size() > count && !out_.functions.back().name.starts_with("operator"))
        out_.functions.pop_back();
    }
  }

  // `struct Item { ... } item;`
  void visit_inner_type(Node node, const Around& around, std::size_t depth) {
    const Node inner = node.field("type");
    if (inner.field("body")) visit(inner, around, depth + 1);
  }

  // `typedef struct { ... } Item;` names what has no name of its own.
  void visit_type_definition(Node node, const Around& around, std::size_t depth) {
    const Node type = node.field("type");
    const Node declarator = node.field("declarator");
    const std::string name = text(declarator);
    const std::string own = text(type.field("name"));
    if (type.field("body") && own.empty() && declarator.type() == "type_identifier") {
      if (type.type() == "enum_specifier") {
        add_enum(type, around, name);
      } else {
        add_class(type, around, depth, name);
      }
      return;
    }
    visit_inner_type(node, around, depth);
    if (own == name) return;
    // `typedef int (*Callback)(int);`
    if (const Node inner = innermost_declarator(declarator, "type_identifier");
        inner && inner != declarator) {
      out_.aliases.push_back({.name = joined_scope(around.scope, text(inner)),
                              .type = type_before(node, declarator, inner),
                              .scope = around.scope});
      return;
    }
    out_.aliases.push_back({.name = joined_scope(around.scope, name),
                            .type = own.empty() ? text(type) : own,
                            .scope = around.scope});
  }

  void visit_namespace(Node node, const Around& around, std::size_t depth) {
    Around inner = around;
    if (const Node name = node.field("name")) {
      inner.scope = joined_scope(around.scope, without_arguments(text(name)));
    } else {
      inner.is_public = false;
    }
    for (const Node child : node.field("body").named_children()) visit(child, inner, depth + 1);
  }

  void visit_template(Node node, const Around& around, std::size_t depth) {
    Around inner = around;
    for (const Node parameter : node.field("parameters").named_children()) {
      if (parameter.type() == "type_parameter_declaration") {
        inner.template_parameters.push_back(text(parameter.named_child(0)));
      } else if (parameter.type() == "optional_type_parameter_declaration") {
        inner.template_parameters.push_back(text(parameter.field("name")));
      } else if (parameter.type() != "comment" &&
                 parameter.type() != "optional_parameter_declaration") {
        inner.is_odd_template = true;
      }
    }
    inner.is_odd_template = inner.is_odd_template || has_child(node, "requires_clause");
    for (const Node child : node.named_children()) {
      if (child != node.field("parameters")) visit(child, inner, depth + 1);
    }
  }

  void add_class(Node node, const Around& around, std::size_t depth,
                 const std::string& named = {}) {
    const Node body = node.field("body");
    const Node name = node.field("name");
    if (!body || (named.empty() && (!name || name.type() != "type_identifier"))) return;
    CppClass one;
    one.name = joined_scope(around.scope, named.empty() ? text(name) : named);
    one.template_parameters = around.template_parameters;
    one.is_odd_template = around.is_odd_template;
    one.is_public = around.is_public;
    one.file = file_;
    Around inner{.scope = one.name, .in_class = true, .is_public = around.is_public};
    bool open = node.type() == "struct_specifier";
    for (const Node child : node.named_children()) {
      if (child.type() == "base_class_clause") add_bases(child, open, one);
    }
    for (const Node member : body.named_children()) {
      if (member.type() == "access_specifier") {
        open = text(member) == "public";
        continue;
      }
      inner.is_public = around.is_public && open;
      add_fields(member, open, one);
      visit(member, inner, depth + 1);
    }
    out_.classes.push_back(std::move(one));
  }

  void add_bases(Node clause, bool open, CppClass& out) const {
    out.has_bases = true;
    bool is_public = open;
    for (const Node part : clause.named_children()) {
      if (part.type() == "access_specifier") {
        is_public = text(part) == "public";
      } else if (part.type() != "comment" && part.type() != "virtual") {
        if (is_public) out.bases.push_back(without_arguments(text(part)));
        is_public = open;
      }
    }
  }

  void add_fields(Node member, bool open, CppClass& out) const {
    if (member.type() != "field_declaration" ||
        innermost_declarator(member.field("declarator"), "function_declarator") ||
        says(member, "storage_class_specifier", "static", text_))
      return;
    const std::vector<Node> parts = member.named_children();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Node name = innermost_declarator(parts[i], "field_identifier");
      if (!name) continue;
      if (!open) {
        out.has_hidden_fields = true;
        continue;
      }
      out.fields.push_back({.name = text(name),
                            .type = type_before(member, parts[i], name),
                            .has_default = i + 1 < parts.size() &&
                                           !parts[i + 1].type().ends_with("declarator") &&
                                           parts[i + 1].type() != "field_identifier"});
    }
  }

  // What stands before a name, with the stars and references of its declarator.
  [[nodiscard]] std::string type_before(Node whole, Node declarator, Node name) const {
    std::string out;
    for (const Node part : whole.named_children()) {
      if (part.type() == "type_qualifier" || part == whole.field("type")) out += text(part) + " ";
    }
    if (!declarator) return out;
    out += name ? text_.substr(declarator.begin(), name.begin() - declarator.begin())
                : declarator.text(text_);
    if (name) out += text_.substr(name.end(), declarator.end() - name.end());
    return out;
  }

  void add_enum(Node node, const Around& around, const std::string& named = {}) {
    const Node name = node.field("name");
    if ((!name && named.empty()) || !node.field("body")) return;
    CppEnum one{.name = joined_scope(around.scope, named.empty() ? text(name) : named),
                .enumerators = {},
                .is_public = around.is_public,
                .file = file_};
    for (const Node entry : node.field("body").named_children()) {
      if (entry.type() == "enumerator")
        one.enumerators.push_back(one.name + "::" + text(entry.field("name")));
    }
    out_.enums.push_back(std::move(one));
  }

  [[nodiscard]] std::vector<CppParameter> parameters_of(Node list) const {
    std::vector<CppParameter> out;
    for (const Node one : list.named_children()) {
      if (one.type() == "comment") continue;
      const Node declarator = one.field("declarator");
      const Node name = innermost_declarator(declarator, "identifier");
      CppParameter parameter{.name = text(name),
                             .type = type_before(one, declarator, name),
                             .has_default = bool(one.field("default_value"))};
      if (one.type() != "parameter_declaration" && !parameter.has_default) parameter.type = "...";
      if (parameter.type != "void ") out.push_back(std::move(parameter));
    }
    return out;
  }

  // The comment above, without its marks.
  [[nodiscard]] std::string doc_of(Node node) const {
    const Node above =
        node.parent().type() == "template_declaration" ? node.parent().previous() : node.previous();
    return above.type() == "comment" && above.last_line() + 1 >= node.first_line() ? text(above)
                                                                                   : "";
  }

  void add_function(Node node, const Around& around) {
    Node declarator = innermost_declarator(node.field("declarator"), "function_declarator");
    Node name = declarator.field("declarator");
    std::string scope = around.scope;
    if (!declarator) name = node.field("declarator");
    for (; name.type() == "qualified_identifier"; name = name.field("name")) {
      if (name.field("scope"))
        scope = joined_scope(scope, without_arguments(text(name.field("scope"))));
    }
    if (name.type() == "template_function") name = name.field("name");
    CppFunction out{.scope = scope, .file = file_, .node = node};
    if (name.type() == "operator_cast") {
      out.form = CppFunction::Form::conversion;
      out.name = type_before(name, {}, {});
      out.result = out.name;
      declarator = name.field("declarator");
    } else if (!declarator || (name.type() != "identifier" && name.type() != "field_identifier" &&
                               name.type() != "operator_name")) {
      return;
    } else {
      out.name = text(name);
      out.parameters = parameters_of(declarator.field("parameters"));
      const Node trailing = innermost_declarator(node.field("declarator"), "function_declarator");
      out.result = type_before(node, {}, {});
      for (const Node child : trailing.named_children()) {
        if (child.type() == "trailing_return_type") out.result = text(child.named_child(0));
      }
      if (const Node outer = node.field("declarator"); outer != declarator)
        out.result += text_.substr(outer.begin(), declarator.begin() - outer.begin());
    }
    const std::string last =
        scope.substr(scope.rfind("::") == std::string::npos ? 0 : scope.rfind("::") + 2);
    out.is_static = says(node, "storage_class_specifier", "static", text_);
    out.is_const = has_child(declarator, "type_qualifier");
    out.in_class = around.in_class;
    if (around.in_class) {
      out.form = out.form == CppFunction::Form::conversion ? out.form : CppFunction::Form::method;
    }
    if (out.form != CppFunction::Form::conversion && out.name == last && !node.field("type"))
      out.form = CppFunction::Form::constructor;
    out.is_public = around.is_public && (around.in_class || !out.is_static);
    out.is_deleted = has_child(node, "delete_method_clause");
    out.is_pure = node.type() == "field_declaration" && node.field("default_value");
    out.template_parameters = around.template_parameters;
    out.is_odd_template = around.is_odd_template;
    out.doc = doc_of(node);
    if (node.type() == "function_definition" && node.field("body")) out.body = node.field("body");
    out_.functions.push_back(std::move(out));
  }

  CppDeclarations& out_;
  std::size_t file_ = 0;
  std::string readable_;  // As the tree was made of it.
  std::string_view text_;
};

}  // namespace

const CppClass* CppDeclarations::class_named(const std::string& full_name) const {
  const auto found = std::ranges::find(classes, full_name, &CppClass::name);
  return found == classes.end() ? nullptr : &*found;
}

std::vector<const CppClass*> CppDeclarations::bases_of(const CppClass& one) const {
  std::vector<const CppClass*> out;
  const auto add_all = [&](const CppClass& of) {
    for (const std::string& written : of.bases) {
      // As it is seen from within the class.
      const CppClass* base = nullptr;
      for (std::string scope = of.name; base == nullptr && !scope.empty();) {
        const std::size_t cut = scope.rfind("::");
        scope.resize(cut == std::string::npos ? 0 : cut);
        base = class_named(joined_scope(scope, written));
      }
      if (base != nullptr && base != &one && std::ranges::find(out, base) == out.end())
        out.push_back(base);
    }
  };
  add_all(one);
  for (std::size_t i = 0; i < out.size(); ++i) add_all(*out[i]);
  return out;
}

std::vector<const CppFunction*> CppDeclarations::methods_of(const CppClass& one) const {
  std::vector<const CppFunction*> out;
  std::vector<const CppClass*> all = bases_of(one);
  all.insert(all.begin(), &one);
  for (const CppClass* of : all) {
    const std::vector<const CppFunction*> before = out;
    for (const CppFunction& function : functions) {
      const bool hidden = std::ranges::any_of(
          before, [&](const CppFunction* other) { return other->name == function.name; });
      if (function.scope == of->name && function.in_class && function.is_public && !hidden &&
          !function.is_deleted && !function.is_static && !function.is_odd_template &&
          function.template_parameters.empty() && function.form != CppFunction::Form::constructor)
        out.push_back(&function);
    }
  }
  return out;
}

CppDeclarations cpp_declarations(const std::vector<CppFile>& files) {
  CppDeclarations out;
  Reader reader(out);
  for (std::size_t i = 0; i < files.size(); ++i) reader.read(files[i], i);
  return out;
}

}  // namespace leyden::qa
