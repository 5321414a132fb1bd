#include "leyden/agents/qa/rust/rust_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/literals.h"
#include "leyden/agents/qa/rust/rust_reading.h"
#include "leyden/agents/qa/rust/rust_types.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;

constexpr std::size_t kGettersMax = 5;

bool is_public(Node item, std::string_view text) {
  return std::ranges::any_of(item.named_children(), [&](Node child) {
    return child.type() == "visibility_modifier" && child.text(text) == "pub";
  });
}

// A trait's part that a test can use, where it is not the crate's: what has to be in scope. nullptr: it is left alone.
const char* std_trait(const std::string& name) {
  static const std::map<std::string, const char*, std::less<>> all = {
      {"From", ""},
      {"Default", ""},
      {"Iterator", ""},
      {"PartialEq", ""},
      {"PartialOrd", ""},
      {"Ord", ""},
      {"FromStr", "std::str::FromStr"},
      {"TryFrom", "std::convert::TryFrom"},
      {"Add", "std::ops::Add"},
      {"Sub", "std::ops::Sub"},
      {"Mul", "std::ops::Mul"},
      {"Div", "std::ops::Div"},
      {"Rem", "std::ops::Rem"},
      {"Neg", "std::ops::Neg"},
      {"Not", "std::ops::Not"},
      {"AddAssign", "std::ops::AddAssign"},
      {"SubAssign", "std::ops::SubAssign"},
      {"MulAssign", "std::ops::MulAssign"}};
  const auto found = all.find(name);
  return found == all.end() ? nullptr : found->second;
}

// An impl block, or a module's free functions.
struct Scope {
  std::string_view text;
  std::string class_name;  // Empty: free functions.
  std::string trait;       // What is implemented: "From<u8>".
  std::string uses;        // What has to be in scope for it.
  std::string uncallable;  // Why nothing in it can be called.
  std::string module;      // Of free functions.
  bool is_open = false;    // The module is public.
  RustTypes::Known known;
};

class Reader {
 public:
  explicit Reader(const RustCrate& crate) : crate_(crate) {}

  RustSource read() {
    for (const RustFile& file : crate_.files)
      declare(file.tree.root(), file.text, file.module, file.is_public);
    for (const RustFile& file : crate_.files) find_makers(file.tree.root(), file.text);
    const RustFile& target = crate_.files.back();
    read_items(target.tree.root(), target.text, target.module, target.is_public);
    find_rust_raises(target.tree.root(), target.text, out_.raises);
    for (Function& one : out_.functions) merge_literals(shared_, one.literals);
    for (const auto& [name, path] : out_.paths) {
      Type type = types_.named(name);
      const bool said = type.kind == Kind::record || type.kind == Kind::any_of ||
                        type.kind == Kind::expression || type.kind == Kind::object;
      if (said && types_.declared(name) != nullptr)
        out_.types.emplace(types_.spelled_for_good(name), std::move(type));
    }
    finish_objects();
    return std::move(out_);
  }

 private:
  // ---- What all files declare.
  void declare(Node items, std::string_view text, const std::string& module, bool is_open) {
    for (const Node item : items.named_children()) {
      if (rust_is_test(item, text)) continue;
      const std::string_view type = item.type();
      const std::string name(item.field("name").text(text));
      if (type == "mod_item" && item.field("body"))
        declare(item.field("body"), text, module + "::" + name, is_open && is_public(item, text));
      const bool is_type = type == "struct_item" || type == "enum_item";
      const bool is_trait = type == "trait_item";
      if (!is_type && !is_trait && type != "type_item" && type != "const_item") continue;
      if (type == "type_item") types_.add_alias(name, item.field("type"), text);
      if (!is_public(item, text)) continue;
      const std::string path = crate_.exports.path_of(module, is_open, name);
      if (path.empty() || !out_.paths.try_emplace(name, path).second) continue;
      if (is_trait) traits_.insert(name);
      if (is_type) declare_type(item, text, name);
    }
  }

  void declare_type(Node item, std::string_view text, const std::string& name) {
    RustDeclared declared{.item = item, .text = text};
    for (const Node one : item.field("type_parameters").named_children()) {
      if (one.type() == "type_parameter" || one.type() == "type_identifier")
        declared.generics.emplace_back(one.field("name") ? one.field("name").text(text)
                                                         : one.text(text));
      if (one.type() == "lifetime_parameter" || one.type() == "lifetime") ++declared.lifetimes;
    }
    const Node body = item.field("body");
    std::size_t fields = 0;
    std::size_t open = 0;
    for (const Node child : body.named_children()) {
      if (child.type() == "field_declaration") {
        ++fields;
        open += is_public(child, text) ? 1U : 0U;
      } else if (body.type() == "ordered_field_declaration_list") {
        const bool marks = child.type() == "visibility_modifier";
        if (marks) ++open;
        if (!marks && child.type() != "attribute_item") ++fields;
      }
    }
    declared.is_open = open == fields;
    types_.add(name, std::move(declared));
  }

  static std::string impl_class(Node impl, std::string_view text) {
    Node type = impl.field("type");
    if (type.type() == "generic_type") type = type.field("type");
    return rust_last_name(type.text(text));
  }

  // Type parameters of a list, by their bounds; lifetimes say nothing.
  void read_generics(Node item, std::string_view text, RustTypes::Known& known) {
    std::map<std::string, std::vector<Node>> bounds;
    for (const Node one : item.field("type_parameters").named_children()) {
      if (one.type() != "type_parameter" && one.type() != "type_identifier") continue;
      const std::string name(one.field("name") ? one.field("name").text(text) : one.text(text));
      bounds[name] = one.field("bounds").named_children();
    }
    for (const Node clause : item.named_children()) {
      if (clause.type() != "where_clause") continue;
      for (const Node one : clause.named_children()) {
        const auto found = bounds.find(std::string(one.field("left").text(text)));
        if (found == bounds.end()) continue;
        for (const Node bound : one.field("bounds").named_children())
          found->second.push_back(bound);
      }
    }
    // One may stand in the bounds of another.
    for (int round = 0; round < 2; ++round) {
      for (const auto& [name, of] : bounds) known[name] = types_.bounded(of, text, known);
    }
  }

  RustTypes::Known known_in(Node impl, std::string_view text, const std::string& class_name) {
    RustTypes::Known out;
    read_generics(impl, text, out);
    const RustDeclared* declared = types_.declared(class_name);
    if (declared != nullptr) {
      for (const std::string& one : declared->generics)
        out[one] = {.kind = Kind::integer, .of = {}, .name = "i32"};
    }
    out["Self"] = types_.named(class_name);
    return out;
  }

  // ---- How objects are made.
  void find_makers(Node items, std::string_view text) {
    for (const Node item : items.named_children()) {
      if (item.type() == "mod_item" && item.field("body") && !rust_is_test(item, text))
        find_makers(item.field("body"), text);
      if (item.type() != "impl_item") continue;
      const std::string name = impl_class(item, text);
      if (types_.declared(name) == nullptr) continue;
      const RustTypes::Known known = known_in(item, text, name);
      const std::string trait(item.field("trait").text(text));
      for (const Node one : item.field("body").named_children())
        if (one.type() == "function_item") add_maker(name, one, text, trait, known);
    }
  }

  static std::string whole_call(const std::string& spelled, std::string_view method) {
    std::string out = spelled;
    if (const std::size_t at = out.find('<'); at != std::string::npos) out.insert(at, "::");
    return fmt::format("{}::{}", out, method);
  }

  // `new` before others, and those with fewer parameters before those with more.
  void add_maker(const std::string& name, Node function, std::string_view text,
                 const std::string& trait, const RustTypes::Known& known) {
    const std::string method(function.field("name").text(text));
    const std::string result(function.field("return_type").text(text));
    const bool from_trait = trait == "Default" || trait == "FromStr" || trait.starts_with("From<");
    if (!from_trait && (!trait.empty() || !is_public(function, text))) return;
    const bool plain =
        result == "Self" || rust_last_name(result) == name || result.starts_with(name + "<");
    const bool wrapped =
        result.find("<Self") != std::string::npos || result.find("<" + name) != std::string::npos;
    if (!plain && !wrapped) return;
    RustClass made{.spelled = types_.spelled(name), .unwraps = plain ? "" : ".ok().unwrap()"};
    if (result.starts_with("Option<")) made.unwraps = ".unwrap()";
    made.maker = whole_call(made.spelled, method);
    RustTypes::Known all = known;
    read_generics(function, text, all);
    std::vector<std::string> ignored;
    bool has_self = false;
    made.construction = parameters_of(function, text, all, ignored, has_self);
    const bool adapted =
        std::ranges::any_of(ignored, [](const std::string& one) { return !one.empty(); });
    if (has_self || adapted || !unknown_in(made.construction).empty()) return;
    int rank = method == "new" ? 0 : trait == "Default" ? 3 : from_trait ? 2 : 1;
    if (method != "new" && made.construction.empty()) rank += 2;
    const auto known_rank = ranks_.find(name);
    if (known_rank != ranks_.end() && known_rank->second <= rank) return;
    ranks_[name] = rank;
    std::vector<Type> types;
    for (const Parameter& one : made.construction) types.push_back(one.type);
    types_.add_maker(name, std::move(types));
    out_.classes[name] = std::move(made);
  }

  RustClass& class_of(const std::string& name) {
    RustClass& out = out_.classes[name];
    if (!out.maker.empty() || !out.construction.empty() || !out.uncallable.empty()) return out;
    out.spelled = types_.spelled(name);
    const Type type = types_.named(name);
    const RustDeclared* declared = types_.declared(name);
    if (type.kind == Kind::record || type.kind == Kind::any_of || type.kind == Kind::expression) {
      out.construction.push_back({.name = "value", .type = type, .annotated = true});
    } else if (declared != nullptr && derives(declared->item, declared->text, "Default")) {
      out.maker = whole_call(out.spelled, "default");
    } else {
      out.uncallable = "nothing makes an object of its type " + name;
    }
    return out;
  }

  static bool derives(Node item, std::string_view text, std::string_view trait) {
    for (Node above = item.previous();
         above.type() == "attribute_item" || above.type() == "line_comment";
         above = above.previous()) {
      const std::string_view said = above.text(text);
      if (said.starts_with("#[derive") && said.find(trait) != std::string_view::npos) return true;
    }
    return false;
  }

  // ---- What the target holds.
  void read_items(Node items, std::string_view text, const std::string& module, bool is_open) {
    for (const Node item : items.named_children()) {
      if (rust_is_test(item, text)) continue;
      const std::string_view type = item.type();
      if (type == "function_item") {
        add_function(item, {.text = text,
                            .class_name = {},
                            .trait = {},
                            .uses = {},
                            .uncallable = {},
                            .module = module,
                            .is_open = is_open,
                            .known = {}});
      } else if (type == "impl_item") {
        read_impl(item, text);
      } else if (type == "mod_item" && item.field("body")) {
        read_items(item.field("body"), text,
                   module + "::" + std::string(item.field("name").text(text)),
                   is_open && is_public(item, text));
      } else if (type == "trait_item") {
        for (const Node one : item.field("body").named_children())
          if (one.type() == "function_item")
            add_function(one, {.text = text, .uncallable = "it is a trait's own", .known = {}});
      } else if (type == "const_item" || type == "static_item") {
        collect_rust_literals(item, text, shared_);
      }
    }
  }

  void read_impl(Node impl, std::string_view text) {
    Scope scope{.text = text, .known = {}};
    scope.class_name = impl_class(impl, text);
    scope.trait = impl.field("trait").text(text);
    if (types_.declared(scope.class_name) == nullptr)
      scope.uncallable = "its type " + scope.class_name + " is not public";
    if (!scope.trait.empty()) {
      const std::string name = rust_last_name(scope.trait.substr(0, scope.trait.find('<')));
      const char* known = std_trait(name);
      if (known != nullptr) {
        scope.uses = known;
      } else if (traits_.contains(name)) {
        scope.uses = out_.paths[name];
      } else {
        scope.uncallable = "no test calls " + name + " by itself";
      }
    }
    scope.known = known_in(impl, text, scope.class_name);
    for (const Node one : impl.field("body").named_children())
      if (one.type() == "function_item") add_function(one, scope);
  }

  std::vector<Parameter> parameters_of(Node function, std::string_view text,
                                       const RustTypes::Known& known,
                                       std::vector<std::string>& adapters, bool& has_self) {
    std::vector<Parameter> out;
    for (const Node one : function.field("parameters").named_children()) {
      if (one.type() == "self_parameter") has_self = true;
      if (one.type() != "parameter") continue;
      const Node pattern = one.field("pattern");
      std::string name = pattern.type() == "identifier" ? std::string(pattern.text(text))
                                                        : fmt::format("argument{}", out.size() + 1);
      if (name.starts_with('_')) name = fmt::format("argument{}", out.size() + 1);
      out.push_back({.name = std::move(name),
                     .type = types_.type_of(one.field("type"), text, known),
                     .annotated = true});
      adapters.push_back(adapter_of(one.field("type"), function, text));
    }
    return out;
  }

  // An iterator is passed as one.
  static std::string adapter_of(Node type, Node function, std::string_view text) {
    std::string bounds(type.text(text));
    if (type.type() == "type_identifier") {
      for (const Node one : function.field("type_parameters").named_children())
        if (one.field("name").text(text) == bounds)
          return one.field("bounds").text(text).find("Iterator<") != std::string_view::npos &&
                         one.field("bounds").text(text).find("IntoIterator<") ==
                             std::string_view::npos
                     ? ".into_iter()"
                     : "";
    }
    return bounds.starts_with("impl Iterator<") ? ".into_iter()" : "";
  }

  static std::string unknown_in(const std::vector<Parameter>& parameters) {
    for (const Parameter& one : parameters) {
      const bool inner = one.type.name.find("&mut", 1) != std::string::npos;
      if (one.type.kind == Kind::unknown || inner || one.type.name == "&mut str")
        return fmt::format("no values are made for its parameter {}", one.name);
    }
    return {};
  }

  // Why a test can't call it, by what stands before its name.
  static std::string forbidden(Node function, std::string_view text) {
    for (const Node child : function.named_children()) {
      if (child.type() != "function_modifiers") continue;
      const std::string_view said = child.text(text);
      if (said.find("async") != std::string_view::npos) return "it is async";
      if (said.find("unsafe") != std::string_view::npos) return "it is unsafe";
    }
    return {};
  }

  void add_function(Node node, const Scope& scope) {
    const Node body = node.field("body");
    if (!body || node.has_error()) return;
    Function out;
    RustCallable callable;
    out.name = node.field("name").text(scope.text);
    RustTypes::Known known = scope.known;
    read_generics(node, scope.text, known);
    bool has_self = false;
    out.parameters = parameters_of(node, scope.text, known, callable.adapters, has_self);
    out.uncallable = !scope.uncallable.empty() ? scope.uncallable : forbidden(node, scope.text);
    if (out.uncallable.empty()) out.uncallable = unknown_in(out.parameters);
    if (scope.class_name.empty()) {
      place_free(node, scope, out, callable);
    } else {
      place_method(node, scope, has_self, out, callable);
    }
    read_result(node.field("return_type"), scope.text, known, out, callable);
    out.doc = rust_doc_of(node, scope.text);
    collect_rust_literals(body, scope.text, out.literals);
    read_doc_literals(out.doc, out.literals);
    out.begin = node.begin();
    out.end = node.end();
    out.first_line = node.first_line();
    out.last_line = node.last_line();
    if (can_hold_mutants(node, scope.text))
      out_.bodies.push_back(
          {.begin = body.begin(), .end = body.end(), .function = out_.functions.size()});
    if (!out.uncallable.empty()) {
      out.kind = Function::Kind::function;
      out.parameters.clear();
      out.construction.clear();
    }
    out_.functions.push_back(std::move(out));
    out_.callables.push_back(std::move(callable));
  }

  // A constant function calls nothing at run time; several bodies would give several types for one `impl`.
  static bool can_hold_mutants(Node function, std::string_view text) {
    if (function.field("return_type").text(text).find("impl ") != std::string_view::npos)
      return false;
    return std::ranges::none_of(function.named_children(), [&](Node child) {
      return child.type() == "function_modifiers" &&
             child.text(text).find("const") != std::string_view::npos;
    });
  }

  void place_free(Node node, const Scope& scope, Function& out, RustCallable& callable) {
    callable.call = out.name;
    callable.typed_literals = static_cast<bool>(node.field("type_parameters"));
    const std::string path = crate_.exports.path_of(scope.module, scope.is_open, out.name);
    if (!is_public(node, scope.text) || path.empty()) {
      if (out.uncallable.empty()) out.uncallable = "it is not public";
    } else if (out.name == "main") {
      out.uncallable = "it is not to be called";
    } else {
      out_.paths.try_emplace(out.name, path);
    }
  }

  void place_method(Node node, const Scope& scope, bool has_self, Function& out,
                    RustCallable& callable) {
    static const std::set<std::string, std::less<>> kLeft = {"ne",  "lt",  "le",    "gt",  "ge",
                                                             "max", "min", "clone", "drop"};
    out.class_name = scope.class_name;
    callable.trait = scope.uses;
    callable.call = out.name;
    const bool is_open = !scope.trait.empty() || is_public(node, scope.text);
    if (out.uncallable.empty() && !is_open) out.uncallable = "it is not public";
    if (out.uncallable.empty() && !scope.trait.empty() && kLeft.contains(out.name))
      out.uncallable = "no test calls it by itself";
    if (!out.uncallable.empty()) return;
    if (!has_self) {
      out.kind = Function::Kind::static_method;
      callable.call = whole_call(types_.spelled(out.class_name), out.name);
      if (scope.trait.starts_with("From<")) {
        callable.typed_literals = true;
        for (const char c : scope.trait.substr(4)) {
          if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            out.name += out.name == "from" ? std::string("_") + c : std::string(1, c);
        }
      }
      return;
    }
    const std::string self(node.field("parameters").named_child(0).text(scope.text));
    out.kind = Function::Kind::method;
    callable.changes_object = self.find("&mut") != std::string::npos ||
                              (self.starts_with('&') && self.find(" mut ") != std::string::npos);
    callable.consumes_object = !self.starts_with('&');
    if (self.find(':') != std::string::npos) out.uncallable = "its object stands behind a pointer";
    const RustClass& of = class_of(out.class_name);
    if (!of.uncallable.empty() && out.uncallable.empty()) out.uncallable = of.uncallable;
    out.construction = of.construction;
  }

  void read_result(Node result, std::string_view text, const RustTypes::Known& known, Function& out,
                   RustCallable& callable) {
    if (!result || result.type() == "unit_type" || result.type() == "never_type") return;
    callable.has_result = true;
    out.result = types_.type_of(result, text, known);
    const std::string said(result.text(text));
    if (said.starts_with("impl ") && said.find("Iterator<") != std::string::npos)
      callable.collects = ".take(50).collect::<Vec<_>>()";
    if (said.starts_with("Box<dyn Iterator<")) callable.collects = ".take(50).collect::<Vec<_>>()";
    const auto class_in = [&](Node type) {
      if (type.type() == "generic_type") type = type.field("type");
      const std::string name = rust_last_name(type.text(text));
      return name == "Self" ? out.class_name : types_.declared(name) != nullptr ? name : "";
    };
    callable.result_class = class_in(result);
    callable.gives_object = !out.class_name.empty() && callable.result_class == out.class_name;
    if (!callable.result_class.empty() || result.type() != "generic_type") return;
    const std::string_view holder = result.field("type").text(text);
    callable.result_class = class_in(result.field("type_arguments").named_child(0));
    if (holder == "Option") {
      callable.unpacked = ".as_ref().unwrap()";
    } else if (holder == "Result") {
      callable.unpacked = ".as_ref().ok().unwrap()";
    } else {
      callable.result_class.clear();
    }
  }

  // Getters, for all classes that functions make or are called on.
  void finish_objects() {
    for (std::size_t i = 0; i < out_.functions.size(); ++i) {
      const Function& one = out_.functions[i];
      const RustCallable& callable = out_.callables[i];
      if (!one.uncallable.empty() || one.kind != Function::Kind::method ||
          !one.parameters.empty() || callable.changes_object || callable.consumes_object ||
          !callable.has_result || callable.gives_object || !callable.trait.empty() ||
          !callable.collects.empty())
        continue;
      std::vector<std::string>& getters = out_.classes[one.class_name].getters;
      if (getters.size() < kGettersMax) getters.push_back(one.name);
    }
  }

  const RustCrate& crate_;
  RustTypes types_;
  std::set<std::string> traits_;
  std::map<std::string, int> ranks_;  // Of the makers so far.
  Literals shared_;
  RustSource out_;
};

}  // namespace

RustSource rust_source(const RustCrate& crate) { return Reader(crate).read(); }

}  // namespace leyden::qa
