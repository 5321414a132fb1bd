#include "leyden/agents/qa/go/go_source.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compared_texts.h"
#include "leyden/agents/qa/go/go_changes.h"
#include "leyden/agents/qa/go/go_channels.h"
#include "leyden/agents/qa/go/go_syntax.h"
#include "leyden/agents/qa/go/go_types.h"
#include "leyden/agents/qa/literals.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 300;

// What stands between the quotes, as bytes.
std::string unquoted(std::string_view text) {
  std::string out;
  if (text.size() < 2) return out;
  const bool raw = text.front() == '`';
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (raw || text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    out += c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c == 'r' ? '\r' : c;
  }
  return out;
}

void collect_literals(Node node, std::string_view text, Literals& out, std::size_t depth = 0) {
  const std::string_view type = node.type();
  if (depth > kDepthMax || type == "import_declaration") return;
  if (type == "int_literal" || type == "float_literal") {
    add_number(std::string(node.text(text)), false, out);
  } else if (type == "interpreted_string_literal" || type == "raw_string_literal" ||
             type == "rune_literal") {
    std::string literal = unquoted(node.text(text));
    if (literal.size() <= kLiteralBytesMax) add_literal(out.texts, std::move(literal));
  } else {
    for (const Node child : node.named_children()) collect_literals(child, text, out, depth + 1);
  }
}

// The comment right above.
std::string doc_of(Node node, std::string_view text) {
  std::string out;
  std::size_t line = node.first_line();
  for (Node above = node.previous(); above.type() == "comment" && above.last_line() + 1 == line;
       above = above.previous()) {
    std::string_view one = above.text(text);
    if (one.starts_with("//")) one.remove_prefix(2);
    out = out.empty() ? std::string(trimmed(one)) : fmt::format("{}\n{}", trimmed(one), out);
    line = above.first_line();
  }
  return out;
}

class Reader {
 public:
  Reader(const std::vector<GoFile>& files, const std::set<std::string>& taken, bool plain)
      : files_(files), types_(taken, plain) {}

  GoSource read() {
    for (const GoFile& file : files_) declare(file);
    for (const GoFile& file : files_) find_makers(file);
    changing_ = go_changing_methods(files_);
    const GoFile& target = files_.back();
    for (const Node node : target.tree.root().named_children()) {
      const std::string_view type = node.type();
      if (type == "function_declaration" || type == "method_declaration")
        add_function(node, target.text);
      if (type == "var_declaration" || type == "const_declaration")
        collect_literals(node, target.text, shared_);
    }
    for (Function& one : out_.functions) merge_literals(shared_, one.literals);
    out_.choices = types_.used_choices();
    out_.fields = types_.used_fields();
    out_.implementations = types_.implementations();
    out_.texts = types_.used_texts();
    out_.integers = types_.integers();
    out_.helpers = types_.helpers();
    return std::move(out_);
  }

 private:
  struct Maker {
    std::string name;
    Node parameters;
    std::string_view text;
    bool points = false;
    bool may_fail = false;  // It gives an error, too.
    std::string interface;  // Where it gives one that the structure implements.
  };

  void declare(const GoFile& file) {
    for (const Node node : file.tree.root().named_children()) {
      const std::string_view type = node.type();
      if (type == "package_clause") out_.package = node.named_child(0).text(file.text);
      if (type == "type_declaration") declare_types(node, file.text);
      if (type == "const_declaration") declare_choices(node, file.text);
      if (type == "import_declaration") declare_imports(node, file.text);
      if (type == "var_declaration") declare_errors(node, file.text);
      if (type == "method_declaration") declare_method(node, file.text);
      if (const Node name = node.field("name"); name) out_.names.emplace(name.text(file.text));
    }
  }

  void declare_types(Node node, std::string_view text) {
    for (const Node one : node.named_children()) {
      const std::string name(one.field("name").text(text));
      out_.names.insert(name);
      types_.add(name, {.type = one.field("type"),
                        .text = text,
                        .is_generic = static_cast<bool>(one.field("type_parameters"))});
    }
  }

  // Constants of a named type: const ( Small Size = iota; Large ).
  void declare_choices(Node node, std::string_view text) {
    std::string type;
    for (const Node one : node.named_children()) {
      if (one.type() != "const_spec") continue;
      if (one.field("type") || one.field("value")) type = one.field("type").text(text);
      const std::string_view name = one.field("name").text(text);
      out_.names.emplace(name);
      if (type.empty() || name == "_" || type == "string" || type == "int" ||
          type.starts_with("float") || type.starts_with("uint") || type.starts_with("int") ||
          type.find('.') != std::string::npos)
        continue;
      types_.add_choice(type, std::string(name));
    }
  }

  // var ErrEmpty = errors.New("empty"), alone or in a list.
  void declare_errors(Node node, std::string_view text) {
    for (const Node one : node.named_children()) {
      if (one.type() == "var_spec_list") declare_errors(one, text);
      const std::string_view name = one.field("name").text(text);
      const std::string_view value = one.field("value").text(text);
      if (value.starts_with("errors.New(") || value.starts_with("fmt.Errorf("))
        types_.add_error(std::string(name));
    }
  }

  void declare_method(Node node, std::string_view text) {
    const GoReceiver receiver = go_receiver(node, text);
    types_.add_method(std::string(receiver.type.text(text)),
                      std::string(node.field("name").text(text)), receiver.by_pointer);
  }

  void declare_imports(Node node, std::string_view text) {
    for (const Node one : node.named_children()) {
      if (one.type() == "import_spec_list") declare_imports(one, text);
      if (one.type() != "import_spec") continue;
      const std::string path = unquoted(one.field("path").text(text));
      std::string name(one.field("name").text(text));
      if (name.empty()) name = path.substr(path.rfind('/') + 1);
      out_.imports[name] = path;
    }
  }

  // func NewCart(...) *Cart
  void find_makers(const GoFile& file) {
    for (const Node node : file.tree.root().named_children()) {
      const std::string name(node.field("name").text(file.text));
      Node result = node.field("result");
      if (node.type() != "function_declaration" ||
          !(name.starts_with("New") || name.starts_with("new")) || node.field("type_parameters") ||
          !result)
        continue;
      // (*Cart, error)
      const bool may_fail = result.type() == "parameter_list" && result.named_child_count() == 2 &&
                            result.named_child(1).text(file.text) == "error";
      if (may_fail) result = result.named_child(0).field("type");
      const bool points = result.type() == "pointer_type";
      if (points) result = result.named_child(0);
      if (result.type() != "type_identifier") continue;
      std::string made(result.text(file.text));
      std::string interface;
      if (types_.is_interface(made)) {
        interface = std::exchange(made, literal_returned(node.field("body"), file.text));
        if (made.empty()) continue;
      }
      makers_.try_emplace(made, Maker{.name = name,
                                      .parameters = node.field("parameters"),
                                      .text = file.text,
                                      .points = points || !interface.empty(),
                                      .may_fail = may_fail,
                                      .interface = interface});
    }
  }

  // "counter" of return &counter{...}
  static std::string literal_returned(Node body, std::string_view text) {
    for (const Node list : body.named_children()) {
      if (list.type() == "statement_list") return literal_returned(list, text);
      Node value = list.type() == "return_statement" ? list.named_child(0).named_child(0) : Node{};
      if (value && value.type() == "unary_expression") value = value.field("operand");
      if (value && value.type() == "composite_literal")
        return std::string(value.field("type").text(text));
    }
    return {};
  }

  // Parameters of a list; the last may be variadic.
  std::vector<Parameter> parameters_of(Node list, std::string_view text,
                                       const std::set<std::string>& type_parameters,
                                       bool& takes_rest) {
    std::vector<Parameter> out;
    for (const Node one : list.named_children()) {
      const bool rest = one.type() == "variadic_parameter_declaration";
      if (!rest && one.type() != "parameter_declaration") continue;
      Type type = types_.type_of(one.field("type"), text, type_parameters);
      if (rest) {
        takes_rest = true;
        if (type.kind != Type::Kind::unknown)
          type = {.kind = Type::Kind::list, .of = {type}, .name = "[]" + type.name};
      }
      std::vector<std::string> names;
      for (const Node child : one.named_children()) {
        if (child.type() == "identifier") names.emplace_back(child.text(text));
      }
      if (names.empty()) names.emplace_back("_");
      for (std::string& name : names) {
        if (name == "_") name = fmt::format("argument{}", out.size() + 1);
        out.push_back({.name = std::move(name), .type = type, .annotated = true});
      }
    }
    return out;
  }

  // Of a channel that may be used both ways the body says which it is.
  static void note_sending(std::string_view body, std::vector<Parameter>& parameters) {
    for (Parameter& one : parameters) {
      const std::string_view element = go_channel_element(one.type.name);
      const bool receives = body.find("<-" + one.name) != std::string_view::npos ||
                            body.find("range " + one.name) != std::string_view::npos;
      if (!element.empty() && one.type.name.starts_with("chan ") && !receives &&
          body.find(one.name + " <-") != std::string_view::npos)
        one.type = go_sending_channel(std::string(element));
    }
  }

  static std::string unknown_in(const std::vector<Parameter>& parameters) {
    for (const Parameter& one : parameters) {
      if (one.type.kind == Type::Kind::unknown)
        return fmt::format("no values are made for its parameter {}", one.name);
    }
    return {};
  }

  void add_function(Node node, std::string_view text) {
    const Node body = node.field("body");
    if (!body || node.has_error()) return;
    Function out;
    GoCallable callable;
    out.name = callable.call = node.field("name").text(text);
    std::set<std::string> type_parameters;
    read_type_parameters(node.field("type_parameters"), text, type_parameters);
    if (!type_parameters.empty())
      callable.call +=
          "[" + joined(std::vector<std::string>(type_parameters.size(), "int"), ", ") + "]";
    out.parameters =
        parameters_of(node.field("parameters"), text, type_parameters, callable.takes_rest);
    note_sending(body.text(text), out.parameters);
    out.uncallable = unknown_in(out.parameters);
    if (out.name == "main" || out.name == "init" || out.name == "_")
      out.uncallable = "it is not to be called";
    if (node.field("receiver")) add_receiver(node, text, out, callable);
    read_results(node.field("result"), text, type_parameters, out, callable);
    out.doc = doc_of(node, text);
    collect_literals(body, text, out.literals);
    read_doc_literals(out.doc, out.literals);
    out.begin = node.begin();
    out.end = node.end();
    out.first_line = node.first_line();
    out.last_line = node.last_line();
    out_.bodies.push_back(
        {.begin = body.begin(), .end = body.end(), .function = out_.functions.size()});
    if (!out.uncallable.empty()) {
      out.kind = Function::Kind::function;
      out.parameters.clear();
      out.construction.clear();
    }
    note_compared_texts(out, text);
    out_.functions.push_back(std::move(out));
    out_.callables.push_back(std::move(callable));
  }

  static void read_type_parameters(Node list, std::string_view text, std::set<std::string>& out) {
    for (const Node one : list.named_children()) {
      for (const Node child : one.named_children()) {
        if (child.type() == "identifier") out.emplace(child.text(text));
      }
    }
  }

  void read_results(Node result, std::string_view text,
                    const std::set<std::string>& type_parameters, Function& out,
                    GoCallable& callable) {
    if (!result) return;
    if (result.type() != "parameter_list") {
      callable.results = 1;
      out.result = types_.type_of(result, text, type_parameters);
      return;
    }
    bool ignored = false;
    const std::vector<Parameter> all = parameters_of(result, text, type_parameters, ignored);
    callable.results = all.size();
    if (!all.empty()) out.result = all.front().type;
  }

  // A method's object: by its constructor, else by a literal.
  void add_receiver(Node node, std::string_view text, Function& out, GoCallable& callable) {
    const auto [name, type, by_pointer] = go_receiver(node, text);
    callable.by_pointer = by_pointer;
    callable.object = type.text(text);
    out.class_name = callable.object;
    out.kind = Function::Kind::method;
    out.only_reads = !changing_[callable.object].contains(out.name);
    if (type.type() != "type_identifier") {
      out.uncallable = "its type has parameters";
      return;
    }
    if (const auto maker = makers_.find(callable.object); maker != makers_.end()) {
      const std::string& interface = maker->second.interface;
      if (!interface.empty() && !types_.wants(interface, out.name)) {
        out.uncallable =
            "it is no method of the " + interface + " that " + maker->second.name + " gives";
        return;
      }
      out.construction =
          parameters_of(maker->second.parameters, maker->second.text, {}, callable.maker_rest);
      callable.maker = maker->second.name;
      callable.maker_points = maker->second.points;
      callable.maker_may_fail = maker->second.may_fail;
      if (unknown_in(out.construction).empty()) return;
      callable.maker.clear();
      out.construction.clear();
    }
    const Type made = types_.named(callable.object);
    if (made.kind == Type::Kind::unknown || made.kind == Type::Kind::any_of) {
      out.uncallable = "no values are made of its type " + callable.object;
    } else if (made.kind == Type::Kind::record) {
      for (std::size_t i = 0; i < made.of.size(); ++i)
        out.construction.push_back({.name = made.texts[i], .type = made.of[i], .annotated = true});
    } else {
      out.construction.push_back({.name = "value", .type = made, .annotated = true});
    }
  }

  const std::vector<GoFile>& files_;
  GoTypes types_;
  std::map<std::string, Maker> makers_;
  std::map<std::string, std::set<std::string>> changing_;
  Literals shared_;
  GoSource out_;
};

}  // namespace

GoSource go_source(const std::vector<GoFile>& files, const std::set<std::string>& taken,
                   bool plain) {
  return Reader(files, taken, plain).read();
}

}  // namespace leyden::qa
