#include "leyden/agents/qa/ruby/ruby_source.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compared_texts.h"
#include "leyden/agents/qa/literals.h"
#include "leyden/agents/qa/ruby/ruby_types.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;

constexpr std::size_t kDepthMax = 200;

Type block_type(bool takes_two) {
  Type out{.kind = Kind::expression, .of = {}, .name = {}};
  out.texts =
      takes_two ? std::vector<std::string>{"proc { |a, b| [a, b] }", "proc { |a, b| a == b }",
                                           "proc { |a, b| a <=> b }", "proc { |a, b| a + b }"}
                : std::vector<std::string>{
                      "proc { |x| x }",    "proc { |x| x.to_s }", "proc { |x| x.to_s.size.even? }",
                      "proc { |_| true }", "proc { |_| false }",  "proc { |x| x * 2 }"};
  return out;
}

// A string's text, if it is plain.
std::optional<std::string> plain_string(Node node, std::string_view text) {
  std::string out;
  for (const Node part : node.named_children()) {
    if (part.type() == "string_content") {
      out += part.text(text);
    } else if (part.type() == "escape_sequence") {
      const std::string_view escape = part.text(text);
      if (escape == "\\n") {
        out += '\n';
      } else if (escape == "\\t") {
        out += '\t';
      } else if (escape.size() == 2 && !std::isalnum(static_cast<unsigned char>(escape[1]))) {
        out += escape[1];
      } else {
        return std::nullopt;  // Rarer ones make no better inputs.
      }
    } else {
      return std::nullopt;
    }
  }
  return out;
}

// A class or module, and what is said of it before its methods are read.
struct Owner {
  std::string name;  // "Shop::Cart"; empty: the top.
  bool is_module = false;
  bool is_core = false;          // Integer, String ...: its values are there already.
  bool all_are_its_own = false;  // module_function, extend self, class << self.
  bool is_private = false;
  std::vector<Parameter> construction;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  RubySource read(Node root) {
    note_names(root, "");
    Owner top;
    read_body(root, top);
    return std::move(out_);
  }

 private:
  std::string name_in(const std::string& outer, Node name) const {
    const std::string own(name.text(text_));
    return outer.empty() ? own : outer + "::" + own;
  }

  static Node struct_call(Node node, std::string_view text) {
    if (node.type() != "assignment" || node.field("left").type() != "constant") return {};
    const Node right = node.field("right");
    return right.field("receiver").text(text) == "Struct" &&
                   right.field("method").text(text) == "new"
               ? right
               : Node();
  }

  // Classes and constants, before types and literals are read.
  void note_names(Node body, const std::string& outer) {
    for (const Node node : body.named_children()) {
      if (node.type() == "class" || node.type() == "module") {
        const std::string name = name_in(outer, node.field("name"));
        if (node.type() == "class") {
          classes_.insert(name);
          bodies_.emplace(name, node);
        }
        note_names(node.field("body"), name);
      } else if (struct_call(node, text_)) {
        classes_.insert(name_in(outer, node.field("left")));
      } else if (node.type() == "assignment" && node.field("left").type() == "constant") {
        constants_.emplace(node.field("left").text(text_), node.field("right"));
      }
    }
  }

  // ---- Statements of a class's body, in order: `private` holds for what follows.
  void read_body(Node body, Owner& owner) {
    const std::set<std::string> hidden = names_made_private(body);
    for (const Node node : body.named_children()) {
      const std::string_view kind = node.type();
      if (kind == "class" || kind == "module") {
        read_class(node, owner);
      } else if (kind == "singleton_class") {
        Owner inner = owner;
        inner.all_are_its_own = true;
        inner.is_private = false;
        read_body(node.field("body"), inner);
      } else if (kind == "method" || kind == "singleton_method") {
        if (!hidden.contains(std::string(node.field("name").text(text_))))
          read_method(node, node, owner);
      } else if (struct_call(node, text_)) {
        read_struct(node, struct_call(node, text_), owner);
      } else {
        note_modifier(node, owner);
      }
    }
  }

  // `private`, `module_function`, `public def x`.
  void note_modifier(Node node, Owner& owner) {
    if (node.type() == "identifier") {
      const std::string_view word = node.text(text_);
      if (word == "private" || word == "protected") owner.is_private = true;
      if (word == "public") owner.is_private = false;
      if (word == "module_function") owner.all_are_its_own = true;
    } else if (node.type() == "call") {
      const std::string_view method = node.field("method").text(text_);
      const Node first = node.field("arguments").named_child(0);
      if (method == "extend" && first.type() == "self") owner.all_are_its_own = true;
      if (first.type() != "method" && first.type() != "singleton_method") return;
      Owner as_said = owner;
      as_said.is_private = method == "private" || method == "protected";
      as_said.all_are_its_own = owner.all_are_its_own || method == "module_function";
      if (method != "private_class_method") read_method(node, first, as_said);
    }
  }

  // `private :add, :sum`.
  std::set<std::string> names_made_private(Node body) const {
    std::set<std::string> out;
    for (const Node node : body.named_children()) {
      const std::string_view method = node.field("method").text(text_);
      if (node.type() != "call" ||
          (method != "private" && method != "protected" && method != "private_class_method"))
        continue;
      for (const Node one : node.field("arguments").named_children()) {
        if (one.type() == "simple_symbol") out.insert(std::string(one.text(text_).substr(1)));
      }
    }
    return out;
  }

  void read_class(Node node, const Owner& outer) {
    Owner inner;
    inner.name = name_in(outer.name, node.field("name"));
    inner.is_module = node.type() == "module";
    const std::string_view base = node.field("superclass").text(text_);
    if (base.ends_with("Error") || base.ends_with("Exception") || base.ends_with("Test") ||
        node.has_error())
      return;
    if (const Type core = ruby_core_type(inner.name); core.kind != Kind::unknown) {
      inner.is_core = true;
      inner.construction = {{.name = "value", .type = core, .annotated = true}};
    } else if (!inner.is_module) {
      inner.construction = construction_of(node, 0);
    }
    const std::size_t before = out_.functions.size();
    read_body(node.field("body"), inner);
    const bool only_readers = out_.functions.size() == before;
    if (!inner.is_module && !inner.is_core)
      read_readers(only_readers ? node : method_of(node, "initialize"), node.field("body"), inner);
    // What a private method compares with comes through a public one.
    Literals all;
    read_literals(node.field("body"), all);
    for (std::size_t i = before; i < out_.functions.size(); ++i)
      merge_literals(all, out_.functions[i].literals);
  }

  // The constructor's parameters, its own or those of a base class in this file.
  std::vector<Parameter> construction_of(Node node, std::size_t depth) const {
    if (const Node own = method_of(node, "initialize"))
      return parameters_of(own, node.field("body"), doc_before(own));
    const Node base = node.field("superclass").named_child(0);
    for (const auto& [name, body] : bodies_) {
      const bool is_base =
          name == base.text(text_) || name.ends_with("::" + std::string(base.text(text_)));
      if (base && is_base && body != node && depth < 5) return construction_of(body, depth + 1);
    }
    return {};
  }

  void read_struct(Node node, Node call, const Owner& outer) {
    Owner inner;
    inner.name = name_in(outer.name, node.field("left"));
    const Node body = call.field("block").field("body");
    bool by_name = false;
    for (const Node one : call.field("arguments").named_children()) {
      if (one.type() == "simple_symbol") {
        const std::string name(one.text(text_).substr(1));
        inner.construction.push_back({.name = name, .type = ruby_guess(name, {}, body, text_)});
      }
      by_name = by_name ||
                (one.type() == "pair" && one.text(text_).find("true") != std::string_view::npos);
    }
    for (Parameter& one : inner.construction) one.by_name_only = by_name;
    if (body) read_body(body, inner);
  }

  Node method_of(Node of_class, std::string_view name) const {
    for (const Node one : of_class.field("body").named_children()) {
      if (one.type() == "method" && one.field("name").text(text_) == name) return one;
    }
    return {};
  }

  // They show what the constructor, at `place`, made of its arguments.
  void read_readers(Node place, Node body, const Owner& owner) {
    if (!place) return;
    for (const Node one : body.named_children()) {
      const std::string_view word = one.text(text_);
      if (word == "private" || word == "protected") return;
      const std::string_view method = one.field("method").text(text_);
      if (method != "attr_reader" && method != "attr_accessor") continue;
      for (const Node name : one.field("arguments").named_children()) {
        if (name.type() != "simple_symbol") continue;
        Function out = function_at(place, owner);
        out.kind = Function::Kind::property;
        out.name = name.text(text_).substr(1);
        read_literals(place, out.literals);
        out_.functions.push_back(std::move(out));
      }
    }
  }

  Function function_at(Node node, const Owner& owner) const {
    Function out;
    out.class_name = owner.name;
    out.construction = owner.construction;
    out.begin = node.begin();
    out.end = node.end();
    out.first_line = node.first_line();
    out.last_line = node.last_line();
    return out;
  }

  // `outer` is what the doc stands before.
  void read_method(Node outer, Node node, const Owner& owner) {
    const std::string name(node.field("name").text(text_));
    const bool own = owner.all_are_its_own || node.type() == "singleton_method";
    if (node.has_error() || (owner.is_private && !own) || name == "initialize" ||
        name.starts_with("test_") || name == "method_missing" || name == "respond_to_missing?" ||
        name == "hash" || name == "inspect" || (owner.is_module && !own))
      return;
    if (owner.is_private && owner.all_are_its_own && node.type() == "method") return;
    const std::string doc = doc_before(outer);
    const RubyDoc tags = ruby_doc(doc);
    Function out = function_at(node, owner);
    out.name = name;
    out.kind = owner.name.empty() ? Function::Kind::function
               : own              ? Function::Kind::static_method
                                  : Function::Kind::method;
    if (out.kind != Function::Kind::method) out.construction.clear();
    const bool keeps = out.kind == Function::Kind::method;
    out.parameters = parameters_of(node, node.field("body"), doc);
    // Other objects of the class are what its operators take.
    static const std::set<std::string_view> kOperators = {"==", "<=>", "+",    "-",  "*", "/",
                                                          "<",  ">",   "eql?", "<=", ">="};
    if (keeps && !owner.is_core && kOperators.contains(name) && out.parameters.size() == 1 &&
        !out.parameters[0].annotated)
      out.parameters[0].type = {.kind = Kind::object, .of = {}, .name = owner.name};
    out.result = ruby_type(tags.result, classes_);
    out.doc = doc;
    read_literals(node, out.literals);
    for (const Parameter& one : out.construction) note_symbols(one.type, out.literals);
    read_doc_literals(doc, out.literals);
    read_examples(outer, doc, out);
    note_compared_texts(out, text_, true);
    out_.functions.push_back(std::move(out));
  }

  static void note_symbols(const Type& type, Literals& out) {
    for (const std::string& key :
         type.kind == Kind::record ? type.texts : std::vector<std::string>{})
      add_literal(out.texts, key);
  }

  // Comments of the lines right above.
  std::string doc_before(Node node) const {
    std::string out;
    std::size_t line = node.first_line();
    // What stands before the first of a body is not in it.
    const Node before = node.previous() ? node.previous() : node.parent().previous();
    for (Node one = before; one.type() == "comment" && one.last_line() + 1 == line;
         one = one.previous()) {
      std::string_view text = one.text(text_).substr(1);
      if (text.starts_with(' ')) text.remove_prefix(1);
      out.insert(0, fmt::format("{}\n", text));
      line = one.first_line();
    }
    return out;
  }

  // `add(1, 2) # => 3`, within the comment.
  void read_examples(Node node, std::string_view doc, const Function& function) {
    const auto count = static_cast<std::size_t>(std::ranges::count(doc, '\n'));
    std::size_t line = node.first_line() - count;
    for (std::size_t begin = 0; begin < doc.size(); ++line) {
      const std::size_t end = doc.find('\n', begin);
      const std::string_view text = doc.substr(begin, end - begin);
      begin = end + 1;
      std::size_t mark = text.find("# =>");
      std::size_t size = 4;
      if (mark == std::string_view::npos) {
        mark = text.find("#=>");
        size = 3;
      }
      if (mark == std::string_view::npos) continue;
      const std::string call(trimmed(text.substr(0, mark)));
      if (call.find(function.name) == std::string::npos) continue;
      out_.examples.push_back({.function = function.qualified_name(),
                               .line = line,
                               .call = call,
                               .expected = std::string(trimmed(text.substr(mark + size)))});
    }
  }

  // `scope` is where their uses are looked for.
  std::vector<Parameter> parameters_of(Node method, Node scope, std::string_view doc) const {
    const RubyDoc tags = ruby_doc(doc);
    std::vector<Parameter> out;
    bool takes_block = false;
    for (const Node node : method.field("parameters").named_children()) {
      const std::string_view kind = node.type();
      if (kind == "block_parameter") takes_block = true;
      if (kind == "hash_splat_parameter" || kind == "block_parameter") continue;
      Parameter parameter{
          .name = std::string((node.field("name") ? node.field("name") : node).text(text_)),
          .type = {}};
      parameter.by_name_only = kind == "keyword_parameter";
      parameter.has_default = bool(node.field("value"));
      parameter.takes_rest = kind == "splat_parameter";
      if (kind == "splat_parameter" && !node.field("name")) continue;
      if (const auto said = tags.parameters.find(parameter.name); said != tags.parameters.end())
        parameter.type = ruby_type(said->second, classes_);
      parameter.annotated = parameter.type.kind != Kind::unknown;
      if (!parameter.annotated)
        parameter.type = ruby_guess(parameter.name, node.field("value"), scope, text_);
      if (parameter.takes_rest && parameter.type.kind != Kind::list)
        parameter.type = {.kind = Kind::list, .of = {parameter.type}, .name = {}};
      out.push_back(std::move(parameter));
    }
    std::size_t yielded = 0;
    const bool yields = yields_in(method.field("body"), yielded, 0);
    if (takes_block || yields) {
      const bool may_miss = method.text(text_).find("block_given?") != std::string_view::npos ||
                            method.text(text_).find("unless block") != std::string_view::npos ||
                            method.text(text_).find("to_enum") != std::string_view::npos;
      out.push_back({.name = "block", .type = block_type(yielded > 1), .has_default = may_miss});
    }
    return out;
  }

  bool yields_in(Node node, std::size_t& arguments, std::size_t depth) const {
    if (depth > kDepthMax) return false;
    if (node.type() == "yield") {
      arguments = std::max<std::size_t>(arguments, node.named_child(0).named_child_count());
      return true;
    }
    bool out = false;
    for (const Node child : node.named_children())
      out = yields_in(child, arguments, depth + 1) || out;
    return out;
  }

  void read_literals(Node node, Literals& out, std::size_t depth = 0) {
    if (depth > kDepthMax) return;
    const std::string_view kind = node.type();
    const std::string text(node.text(text_));
    if (kind == "integer" || kind == "float") {
      add_number(
          text, node.parent().type() == "unary" && node.parent().text(text_).starts_with('-'), out);
    } else if (kind == "string") {
      const auto value = plain_string(node, text_);
      if (value && !value->empty() && value->size() <= kLiteralBytesMax)
        add_literal(out.texts, *value);
    } else if (kind == "string_array" || kind == "symbol_array") {
      for (const Node one : node.named_children()) {
        if (one.text(text_).size() <= kLiteralBytesMax)
          add_literal(out.texts, std::string(one.text(text_)));
      }
    } else if (kind == "constant") {
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
  RubyClasses classes_;
  std::map<std::string, Node> bodies_;  // Of classes, by their names in full.
  std::map<std::string, Node> constants_;
  RubySource out_;
};

}  // namespace

RubySource ruby_source(const syntax::Tree& tree, std::string_view text) {
  return Reader(text).read(tree.root());
}

}  // namespace leyden::qa
