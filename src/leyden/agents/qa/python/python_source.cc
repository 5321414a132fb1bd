#include "leyden/agents/qa/python/python_source.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "leyden/agents/qa/literals.h"
#include "leyden/agents/qa/python/python_literals.h"
#include "leyden/agents/qa/python/python_types.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kTextBytesMax = 160;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), literals_(text) {}

  std::vector<Function> read(Node root) {
    for (const std::string_view one : {"isinf", "isnan", "isfinite", "math.inf", "math.nan"})
      names_.asks_whether_finite =
          names_.asks_whether_finite || text_.find(one) != std::string_view::npos;
    for (const Node child : root.named_children()) {
      const Node definition = inner_definition(child);
      if (definition.type() == "class_definition") note_class(definition);
      if (definition.type() == "function_definition")
        literals_.note(std::string(definition.field("name").text(text_)), definition);
      if (child.type() == "expression_statement") note_constant(child);
      if (child.type() == "import_statement" || child.type() == "import_from_statement")
        note_import(child);
    }
    for (const Node child : root.named_children()) {
      // What a call at the module's top passes fills tables, mostly: `plural("person", "people")`.
      if (child.type() == "expression_statement" && child.named_child(0).type() == "call")
        literals_.read(child, loaded_);
    }
    for (const Node child : root.named_children()) read_definition(child, "");
    return std::move(out_);
  }

 private:
  static Node inner_definition(Node node) {
    return node.type() == "decorated_definition" ? node.field("definition") : node;
  }

  // What annotations may name: classes, and the members of enumerations.
  void note_class(Node definition) {
    const std::string name(definition.field("name").text(text_));
    const std::string_view bases = definition.field("superclasses").text(text_);
    if (bases.find("Enum") == std::string_view::npos &&
        bases.find("Flag") == std::string_view::npos) {
      names_.classes.insert(name);
      std::set<std::string_view>& own = names_.attributes[name];
      note_attributes(definition.field("body"), own, 0);
      for (const Node base : definition.field("superclasses").named_children()) {
        const auto known = names_.attributes.find(base.text(text_));
        if (known != names_.attributes.end())
          own.insert(known->second.begin(), known->second.end());
      }
      note_members(definition.field("body"));
      return;
    }
    std::vector<std::string> members;
    for (const Node statement : definition.field("body").named_children()) {
      const Node assignment = statement.named_child(0);
      if (statement.type() == "expression_statement" && assignment.type() == "assignment" &&
          assignment.field("left").type() == "identifier" &&
          !assignment.field("left").text(text_).starts_with('_'))
        members.push_back(name + "." + std::string(assignment.field("left").text(text_)));
    }
    if (!members.empty()) names_.enumerations[name] = std::move(members);
  }

  // What `self.LIMIT` and `self.check(…)` stand for.
  void note_members(Node body) {
    for (const Node statement : body.named_children()) {
      const Node definition = inner_definition(statement);
      const Node assignment = statement.named_child(0);
      if (definition.type() == "function_definition") {
        literals_.note("." + std::string(definition.field("name").text(text_)), definition);
      } else if (statement.type() == "expression_statement" && assignment.type() == "assignment") {
        literals_.note("." + std::string(assignment.field("left").text(text_)),
                       assignment.field("right"));
      }
    }
  }

  // Methods, and what the methods assign to `self`.
  void note_attributes(Node node, std::set<std::string_view>& out, std::size_t depth) const {
    if (depth > 60) return;
    if (node.type() == "function_definition") out.insert(node.field("name").text(text_));
    const Node left = node.field("left");
    if (node.type() == "assignment" && left.type() == "attribute" &&
        left.field("object").text(text_) == "self")
      out.insert(left.field("attribute").text(text_));
    if (node.type() == "assignment" && left.type() == "identifier" && depth < 3)
      out.insert(left.text(text_));
    for (const Node child : node.named_children()) note_attributes(child, out, depth + 1);
  }

  // Constants and functions of the module stand for what they hold.
  void note_constant(Node statement) {
    const Node assignment = statement.named_child(0);
    if (assignment.type() != "assignment") return;
    const std::string name(assignment.field("left").text(text_));
    const Node value = assignment.field("right");
    literals_.note(name, value);
    const std::string_view type = value.type() == "subscript" ? value.field("value").text(text_)
                                  : value.type() == "binary_operator" ? "Union"
                                                                      : "";
    for (const std::string_view one : {"Literal", "Union", "Optional"}) {
      if (type.ends_with(one) && value.text(text_).size() < 400)
        names_.aliases[name] = value.text(text_);
    }
  }

  void note_import(Node statement) {
    std::string from(statement.field("module_name").text(text_));
    if (!from.empty()) from += '.';
    for (const Node child : statement.named_children()) {
      const Node name = child.type() == "aliased_import" ? child.field("name") : child;
      if (child == statement.field("module_name") || name.type() != "dotted_name") continue;
      for (const std::string_view type :
           python_types_of_import(from + std::string(name.text(text_))))
        names_.imported.emplace(type);
    }
  }

  void read_definition(Node outer, const std::string& class_name) {
    const Node node = inner_definition(outer);
    if (node.type() == "class_definition" && class_name.empty()) {
      read_class(node);
    } else if (node.type() == "function_definition") {
      read_function(outer, node, class_name);
    }
  }

  void read_class(Node node) {
    const std::string name(node.field("name").text(text_));
    if (name.starts_with('_') || name.starts_with("Test") || node.has_error()) return;
    const std::string_view bases = node.field("superclasses").text(text_);
    // Made by others, or by nobody.
    for (const std::string_view one : {"Protocol", "ABC", "Enum", "IntEnum", "Flag", "NamedTuple",
                                       "TypedDict", "TestCase", "Exception", "Error"}) {
      if (bases.find(one) != std::string_view::npos) return;
    }
    Class& of = classes_[name];
    of = class_of(node);
    const std::size_t first = out_.size();
    for (const Node child : node.field("body").named_children()) read_definition(child, name);
    const auto made = [](const Function& one) { return one.needs_object() || one.makes_object; };
    if (std::none_of(out_.begin() + static_cast<std::ptrdiff_t>(first), out_.end(), made))
      out_.push_back(constructor_without_code(name, node));
    for (std::size_t i = first; i < out_.size(); ++i) {
      out_[i].bases = of.bases;
      if (!made(out_[i])) continue;
      out_[i].construction = of.construction;
      merge_literals(of.literals, out_[i].literals);
    }
  }

  // How objects of a class are made, and of what classes of the file they are besides.
  struct Class {
    std::vector<Parameter> construction;
    Literals literals;  // Of the constructor.
    std::vector<std::string> bases;
  };

  Class class_of(Node node) {
    Class out;
    for (const Node base : node.field("superclasses").named_children()) {
      const auto known = classes_.find(base.text(text_));
      if (known == classes_.end()) continue;
      if (out.bases.empty()) {
        out.construction = known->second.construction;
        out.literals = known->second.literals;
      }
      out.bases.push_back(known->first);
      out.bases.insert(out.bases.end(), known->second.bases.begin(), known->second.bases.end());
    }
    const bool dataclass =
        node.parent().type() == "decorated_definition" &&
        node.parent().text(text_).substr(0, 200).find("dataclass") != std::string_view::npos;
    for (const Node child : node.field("body").named_children()) {
      const Node definition = inner_definition(child);
      if (definition.type() == "function_definition" &&
          definition.field("name").text(text_) == "__init__") {
        out.construction = parameters_of(definition, true);
        out.literals = {};
        literals_.read(definition, out.literals);
      } else if (dataclass && child.type() == "expression_statement" &&
                 child.named_child(0).type() == "assignment") {
        add_field(child.named_child(0), out.construction);
      }
    }
    return out;
  }

  // Of a dataclass.
  void add_field(Node field, std::vector<Parameter>& construction) const {
    if (!field.field("type") || field.field("left").type() != "identifier" ||
        field.field("type").text(text_).find("ClassVar") != std::string_view::npos)
      return;
    construction.push_back({.name = std::string(field.field("left").text(text_)),
                            .type = python_annotation(field.field("type").text(text_), names_),
                            .annotated = true,
                            .has_default = bool(field.field("right"))});
  }

  // Of a class without methods: arguments may be such objects.
  static Function constructor_without_code(const std::string& class_name, Node node) {
    Function out;
    out.kind = Function::Kind::static_method;
    out.name = "__init__";
    out.class_name = class_name;
    out.makes_object = true;
    out.begin = out.end = node.begin();
    out.first_line = out.last_line = node.first_line();
    out.uncallable = "it has no code of its own";
    return out;
  }

  static bool is_operator(const std::string& name) {
    static const std::set<std::string_view> kOperators = {
        "__len__",  "__getitem__",  "__contains__", "__add__",  "__sub__",     "__mul__",
        "__eq__",   "__lt__",       "__le__",       "__call__", "__str__",     "__repr__",
        "__iter__", "__bool__",     "__neg__",      "__abs__",  "__truediv__", "__mod__",
        "__hash__", "__setitem__",  "__delitem__",  "__ne__",   "__gt__",      "__ge__",
        "__pow__",  "__floordiv__", "__and__",      "__or__",   "__xor__",     "__radd__",
        "__rsub__", "__rmul__",     "__int__",      "__float__"};
    return kOperators.contains(name);
  }

  // What decorators make of a method; nullopt: nothing that a test could call.
  std::optional<Function::Kind> kind_of_method(Node outer) const {
    Function::Kind out = Function::Kind::method;
    for (const Node child : outer.named_children()) {
      if (child.type() != "decorator") continue;
      const std::string_view decorator = child.text(text_);
      if (decorator.starts_with("@staticmethod") || decorator.starts_with("@classmethod"))
        out = Function::Kind::static_method;
      if (decorator.find("property") != std::string_view::npos) out = Function::Kind::property;
      for (const std::string_view other : {"abstractmethod", "overload", ".deleter"}) {
        if (decorator.find(other) != std::string_view::npos) return std::nullopt;
      }
    }
    return out;
  }

  // `@size.setter`: it is called by `box.size = 2`, and named "size=".
  bool sets_property(Node outer) const {
    return std::ranges::any_of(outer.named_children(), [&](Node one) {
      return one.type() == "decorator" && one.text(text_).ends_with(".setter");
    });
  }

  // `self + other`: mostly of its own class.
  void guess_other(Function& operation) const {
    if (!is_operator(operation.name) || operation.parameters.size() != 1 ||
        operation.parameters[0].name != "other" || operation.parameters[0].annotated ||
        !names_.classes.contains(operation.class_name))
      return;
    const Type own{.kind = Type::Kind::object, .of = {}, .name = operation.class_name};
    Type& type = operation.parameters[0].type;
    type = {.kind = Type::Kind::any_of, .of = {own, type == own ? Type{} : type}, .name = {}};
  }

  void read_function(Node outer, Node node, const std::string& class_name) {
    Function out;
    out.name = node.field("name").text(text_);
    if (node.has_error() || out.name.starts_with("test_")) return;
    out.makes_object = !class_name.empty() && out.name == "__init__";
    const bool is_private =
        out.name.starts_with('_') && !is_operator(out.name) && !out.makes_object;
    if (is_private && (!class_name.empty() || out.name.starts_with("__"))) return;
    out.class_name = class_name;
    if (out.makes_object) {
      out.kind = Function::Kind::static_method;
    } else if (!class_name.empty()) {
      const auto kind = kind_of_method(outer);
      if (!kind) return;
      out.kind = *kind;
      if (sets_property(outer)) out.name += '=';
    } else if (outer.text(text_).starts_with("@overload") ||
               outer.text(text_).starts_with("@typing.overload")) {
      return;
    }
    const bool has_self =
        !class_name.empty() && !(out.kind == Function::Kind::static_method &&
                                 outer.text(text_).find("@staticmethod") != std::string_view::npos);
    out.parameters =
        out.makes_object ? classes_[class_name].construction : parameters_of(node, has_self);
    if (is_private) {
      out.uncallable = "it is private, and no call that was tried reaches it";
      out.is_last_resort = true;
    }
    guess_other(out);
    if (const Node result = node.field("return_type"))
      out.result = python_annotation(result.text(text_), names_);
    const Node body = node.field("body");
    if (const Node first = body.named_child(0);
        first.type() == "expression_statement" && first.named_child(0).type() == "string")
      out.doc = python_string(first.named_child(0).text(text_)).value_or("");
    literals_.read(node, out.literals);
    read_doc_literals(out.doc, out.literals, kTextBytesMax);
    merge_literals(loaded_, out.literals);
    out.examples = python_examples(out);
    out.begin = outer.begin();
    out.end = outer.end();
    out.first_line = outer.first_line();
    out.last_line = outer.last_line();
    out_.push_back(std::move(out));
  }

  std::vector<Parameter> parameters_of(Node function, bool skip_first) {
    std::vector<Parameter> out;
    bool by_name_only = false;
    bool first = skip_first;
    for (const Node node : function.field("parameters").named_children()) {
      const std::string_view kind = node.type();
      if (kind == "positional_separator") {
        for (Parameter& one : out) one.may_be_named = false;
        continue;
      }
      if (kind == "keyword_separator") {
        by_name_only = true;
        continue;
      }
      if (kind == "dictionary_splat_pattern" || kind == "comment") continue;
      const bool spreads =
          kind == "list_splat_pattern" ||
          (kind == "typed_parameter" && node.named_child(0).type() == "list_splat_pattern");
      if (spreads) {
        out.push_back(rest_of(node));
        by_name_only = true;
        continue;
      }
      if (std::exchange(first, false)) continue;
      Parameter parameter{
          .name = {}, .type = {}, .by_name_only = by_name_only, .may_be_named = !by_name_only};
      Node name = node;
      Node fallback;
      if (kind == "typed_parameter") {
        name = node.named_child(0);
        if (name.type() != "identifier") continue;
      } else if (kind == "default_parameter" || kind == "typed_default_parameter") {
        name = node.field("name");
        fallback = node.field("value");
        parameter.has_default = true;
      }
      parameter.name = name.text(text_);
      if (const Node type = node.field("type")) {
        parameter.type = python_annotation(type.text(text_), names_);
        parameter.annotated = parameter.type.kind != Type::Kind::unknown;
        if (parameter.type.kind == Type::Kind::text)
          parameter.type.texts =
              python_compared_texts(parameter.name, function.field("body"), text_);
      }
      if (parameter.type.kind == Type::Kind::unknown)
        parameter.type =
            python_guess(parameter.name, fallback, function.field("body"), text_, names_);
      out.push_back(std::move(parameter));
    }
    return out;
  }

  // `*values`, `*values: int`.
  Parameter rest_of(Node node) const {
    const Node pattern = node.type() == "list_splat_pattern" ? node : node.named_child(0);
    Type each;
    if (const Node type = node.field("type")) each = python_annotation(type.text(text_), names_);
    if (each.kind == Type::Kind::unknown)
      each = {.kind = Type::Kind::any_of,
              .of = {{.kind = Type::Kind::text, .of = {}, .name = {}},
                     {.kind = Type::Kind::integer, .of = {}, .name = {}}},
              .name = {}};
    return {.name = std::string(pattern.named_child(0).text(text_)),
            .type = {.kind = Type::Kind::list, .of = {std::move(each)}, .name = {}},
            .has_default = true,
            .takes_rest = true};
  }

  std::string_view text_;
  PythonNames names_;
  std::map<std::string, Class, std::less<>> classes_;  // That have been read.
  PythonLiterals literals_;
  Literals loaded_;
  std::vector<Function> out_;
};

}  // namespace

bool python_depends_on_hashes(const syntax::Tree& tree, std::string_view text) {
  static const std::set<std::string_view> kHarmless = {
      "__future__", "abc",     "bisect", "collections", "copy",      "dataclasses",
      "datetime",   "decimal", "enum",   "fractions",   "functools", "heapq",
      "itertools",  "json",    "math",   "operator",    "random",    "re",
      "string",     "sys",     "typing", "textwrap",    "statistics"};
  std::vector<Node> todo{tree.root()};
  while (!todo.empty()) {
    const Node node = todo.back();
    todo.pop_back();
    const std::string_view kind = node.type();
    if (kind == "set" || kind == "set_comprehension" || kind == "relative_import") return true;
    const std::string_view written = node.text(text);
    if (kind == "identifier" && (written == "set" || written == "frozenset" || written == "hash" ||
                                 written == "__hash__" || written == "id"))
      return true;
    const std::string_view parent = node.parent().type();
    const bool imports =
        (parent == "import_from_statement" && node.parent().field("module_name") == node) ||
        parent == "import_statement" || parent == "aliased_import";
    if (kind == "dotted_name" && imports &&
        !kHarmless.contains(written.substr(0, written.find('.'))))
      return true;
    for (const Node child : node.named_children()) todo.push_back(child);
  }
  return false;
}

std::vector<Function> python_functions(const syntax::Tree& tree, std::string_view text) {
  return Reader(text).read(tree.root());
}

}  // namespace leyden::qa
