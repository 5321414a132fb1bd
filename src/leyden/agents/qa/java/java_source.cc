#include "leyden/agents/qa/java/java_source.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compared_texts.h"
#include "leyden/agents/qa/java/java_types.h"
#include "leyden/agents/qa/literals.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 300;

bool is_class(Node node) {
  const std::string_view type = node.type();
  return type == "class_declaration" || type == "record_declaration" ||
         type == "enum_declaration" || type == "interface_declaration";
}

// What stands between the quotes.
std::string unquoted(std::string_view text) {
  std::string out;
  const std::size_t quotes = text.starts_with("\"\"\"") ? 3 : 1;
  if (text.size() < 2 * quotes) return out;
  text = text.substr(quotes, text.size() - 2 * quotes);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    out += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? '\0' : c;
  }
  return out;
}

void collect_literals(Node node, std::string_view text, Literals& out, std::size_t depth = 0) {
  const std::string_view type = node.type();
  if (depth > kDepthMax || type.ends_with("annotation")) return;
  if (type.ends_with("integer_literal") || type == "decimal_floating_point_literal") {
    std::string number(node.text(text));
    while (!number.empty() && std::string_view("lLfFdD").find(number.back()) != std::string::npos &&
           !number.starts_with("0x"))
      number.pop_back();
    add_number(number, false, out);
  } else if (type == "string_literal" || type == "character_literal") {
    std::string literal = unquoted(node.text(text));
    if (literal.size() <= kLiteralBytesMax) add_literal(out.texts, std::move(literal));
  } else {
    for (const Node child : node.named_children()) collect_literals(child, text, out, depth + 1);
  }
}

// The comment right above.
std::string doc_of(Node node, std::string_view text) {
  const Node above = node.previous();
  return above.type() == "block_comment" && above.last_line() + 1 == node.first_line()
             ? std::string(above.text(text))
             : std::string();
}

class Reader {
 public:
  explicit Reader(const std::vector<JavaFile>& files) : files_(files) {}

  JavaSource read() {
    const JavaFile& target = files_.back();
    read_head(target);
    for (const JavaFile& file : files_) {
      for (const Node node : file.tree.root().named_children()) declare(node, file.text, nullptr);
    }
    for (const Node node : target.tree.root().named_children()) {
      if (is_class(node)) read_class(node, target.text);
    }
    for (Function& one : out_.functions) merge_literals(shared_, one.literals);
    out_.makers = types_.makers();
    return std::move(out_);
  }

 private:
  void read_head(const JavaFile& target) {
    for (const Node node : target.tree.root().named_children()) {
      const Node name = node.named_child(0);
      if (node.type() == "package_declaration")
        out_.package = node.named_child(node.named_child_count() - 1).text(target.text);
      if (node.type() != "import_declaration") continue;
      const std::string path(name.text(target.text));
      const std::string_view text = node.text(target.text);
      if (text.starts_with("import static")) continue;
      if (node.named_child(1).type() == "asterisk") {
        out_.wildcards.push_back(path + ".*");
      } else {
        const std::string simple = path.substr(path.rfind('.') + 1);
        out_.imports[simple] = path;
        types_.add_import(simple, path);
      }
    }
  }

  void declare(Node node, std::string_view text, const JavaDeclared* around) {
    if (!is_class(node)) return;
    const std::string_view kind = node.type();
    JavaDeclared one{
        .node = node, .text = text, .name = std::string(node.field("name").text(text))};
    if (around != nullptr) {
      one.name = around->name + "." + one.name;
      one.is_hidden = around->is_hidden || has_modifier(node, text, "private");
      one.is_inner = kind == "class_declaration" && !has_modifier(node, text, "static") &&
                     around->node.type() != "interface_declaration";
    }
    types_.add(one);
    out_.names.insert(one.name);
    for (const Node member : members_of(node)) declare(member, text, &one);
  }

  // Those of an enumeration behind its constants, too.
  static std::vector<Node> members_of(Node node) {
    std::vector<Node> out;
    for (const Node member : node.field("body").named_children()) {
      if (member.type() != "enum_body_declarations") {
        out.push_back(member);
        continue;
      }
      for (const Node one : member.named_children()) out.push_back(one);
    }
    return out;
  }

  void read_class(Node node, std::string_view text, const std::string& around = {}) {
    const std::string name =
        (around.empty() ? "" : around + ".") + std::string(node.field("name").text(text));
    const JavaDeclared* declared = types_.find(name);
    if (declared == nullptr) return;
    for (const Node member : members_of(node)) {
      const std::string_view type = member.type();
      if (type == "method_declaration") add_method(member, *declared);
      if (type == "constructor_declaration" || type == "compact_constructor_declaration")
        add_constructor(member, *declared);
      if (type == "field_declaration" || type == "enum_constant")
        collect_literals(member, text, shared_);
      if (is_class(member)) read_class(member, text, name);
    }
  }

  static std::string unknown_in(const std::vector<Parameter>& parameters) {
    for (const Parameter& one : parameters) {
      if (one.type.kind == Type::Kind::unknown)
        return fmt::format("no values are made for its parameter {}", one.name);
    }
    return {};
  }

  void add_method(Node node, const JavaDeclared& declared) {
    const Node body = node.field("body");
    if (!body || node.has_error()) return;
    const std::string_view text = declared.text;
    Function out;
    JavaCallable callable;
    out.name = node.field("name").text(text);
    JavaBindings bindings;
    types_.bind(declared.node.field("type_parameters"), text, bindings);
    types_.bind(node.field("type_parameters"), text, bindings);
    out.parameters =
        types_.parameters_of(node.field("parameters"), text, bindings, callable.takes_rest);
    out.uncallable = unknown_in(out.parameters);
    out.result = types_.type_of(node.field("type"), text, bindings);
    callable.result = types_.erased(node.field("type"), text);
    const bool is_static = has_modifier(node, text, "static");
    out.kind = is_static ? Function::Kind::static_method : Function::Kind::method;
    callable.call = is_static ? declared.name + "." + out.name : out.name;
    if (!is_static) add_receiver(declared, out, callable);
    if (out.name == "main" && is_static) out.uncallable = "it is the program itself";
    if (has_modifier(node, text, "private")) out.uncallable = "it is private";
    if (declared.is_hidden) out.uncallable = "its class is private";
    add(node, body, declared, std::move(out), std::move(callable));
  }

  void add_constructor(Node node, const JavaDeclared& declared) {
    const Node body = node.field("body");
    if (!body || node.has_error()) return;
    const std::string_view text = declared.text;
    Function out;
    JavaCallable callable;
    out.kind = Function::Kind::static_method;
    out.name = node.field("name").text(text);
    JavaBindings bindings;
    types_.bind(declared.node.field("type_parameters"), text, bindings);
    const bool is_compact = node.type() == "compact_constructor_declaration";
    out.parameters = types_.parameters_of((is_compact ? declared.node : node).field("parameters"),
                                          text, bindings, callable.takes_rest);
    out.uncallable = unknown_in(out.parameters);
    callable.call = "new " + declared.name + types_.type_arguments(declared);
    callable.result = declared.name;
    if (has_modifier(node, text, "private") || declared.node.type() == "enum_declaration")
      out.uncallable = "it is private";
    if (has_modifier(declared.node, text, "abstract")) out.uncallable = "its class is abstract";
    if (declared.is_inner) out.uncallable = "it needs an object of the class around it";
    if (declared.is_hidden) out.uncallable = "its class is private";
    add(node, body, declared, std::move(out), std::move(callable));
  }

  void add(Node node, Node body, const JavaDeclared& declared, Function out,
           JavaCallable callable) {
    out.class_name = declared.name;
    out.doc = doc_of(node, declared.text);
    collect_literals(body, declared.text, out.literals);
    read_doc_literals(out.doc, out.literals);
    out.begin = node.begin();
    out.end = node.end();
    out.first_line = node.first_line();
    out.last_line = node.last_line();
    callable.is_checked = declares_exceptions(node);
    // Nothing may stand before a call of another constructor.
    if (body.named_child(0).type() != "explicit_constructor_invocation")
      out_.bodies.push_back(
          {.begin = body.begin(), .end = body.end(), .function = out_.functions.size()});
    if (!out.uncallable.empty()) {
      out.kind = Function::Kind::static_method;
      out.parameters.clear();
      out.construction.clear();
    }
    note_compared_texts(out, declared.text);
    out_.functions.push_back(std::move(out));
    out_.callables.push_back(std::move(callable));
  }

  // A method's object.
  void add_receiver(const JavaDeclared& declared, Function& out, JavaCallable& callable) {
    const Type made = types_.named(declared.name);
    callable.object = made.name;
    if (made.kind == Type::Kind::expression) {
      out.construction.push_back({.name = "value", .type = made, .annotated = true});
    } else if (made.kind == Type::Kind::record) {
      const JavaMaker& maker = types_.makers().at(made.name);
      if (maker.helper.empty()) out.construction = maker.parameters;
    } else if (out.uncallable.empty()) {
      out.uncallable = "no values are made of its class " + declared.name;
    }
  }

  const std::vector<JavaFile>& files_;
  JavaTypes types_;
  Literals shared_;
  JavaSource out_;
};

}  // namespace

JavaSource java_source(const std::vector<JavaFile>& files) { return Reader(files).read(); }

}  // namespace leyden::qa
