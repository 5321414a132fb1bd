#include "leyden/agents/qa/rust/rust_source.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compared_texts.h"
#include "leyden/agents/qa/literals.h"
#include "leyden/agents/qa/rust/rust_reading.h"
#include "leyden/agents/qa/rust/rust_standard_types.h"
#include "leyden/agents/qa/rust/rust_types.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;

// A trait's part that a test can use, where it is not the crate's: what has to be in scope. nullptr: it is left alone.
const char* std_trait(const std::string& name) {
  static const std::map<std::string, const char*, std::less<>> all = {
      {"From", ""},
      {"Default", ""},
      {"Iterator", ""},
      {"Display", ""},
      {"IntoIterator", ""},
      {"Extend", ""},
      {"AsRef", ""},
      {"DoubleEndedIterator", ""},
      {"ExactSizeIterator", ""},
      {"FromIterator", "std::iter::FromIterator"},
      {"Index", "std::ops::Index"},
      {"Deref", "std::ops::Deref"},
      {"BitAnd", "std::ops::BitAnd"},
      {"BitOr", "std::ops::BitOr"},
      {"BitXor", "std::ops::BitXor"},
      {"Shl", "std::ops::Shl"},
      {"Shr", "std::ops::Shr"},
      {"DivAssign", "std::ops::DivAssign"},
      {"RemAssign", "std::ops::RemAssign"},
      {"BitAndAssign", "std::ops::BitAndAssign"},
      {"BitOrAssign", "std::ops::BitOrAssign"},
      {"BitXorAssign", "std::ops::BitXorAssign"},
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
  std::string class_name;  // Empty: free functions, or of a type of another crate.
  Type foreign;            // That type.
  std::string trait;       // What is implemented: "From<u8>".
  std::string uses;        // What has to be in scope for it.
  std::string uncallable;  // Why nothing in it can be called.
  std::string module;      // Of free functions.
  bool is_open = false;    // The module is public.
  RustTypes::Known known;
};

class Reader {
 public:
  explicit Reader(const RustCrate& crate) : crate_(crate), declared_(crate) {}

  RustSource read() {
    const RustFile& target = crate_.files.back();
    read_items(target.tree.root(), target.text, target.module, target.is_public);
    find_rust_raises(target.tree.root(), target.text, out_.raises);
    for (Function& one : out_.functions) merge_literals(shared_, one.literals);
    for (const auto& [name, path] : declared_.paths()) {
      Type type = declared_.types().named(name);
      const bool said = type.kind == Kind::record || type.kind == Kind::any_of ||
                        type.kind == Kind::expression || type.kind == Kind::object;
      if (said && declared_.types().declared(name) != nullptr)
        out_.types.emplace(declared_.types().spelled_for_good(name), std::move(type));
    }
    for (const auto& [name, maker] : rust_standard_makers())
      declared_.classes()[name] = {.spelled = name, .maker = maker};
    out_.paths = std::move(declared_.paths());
    out_.classes = std::move(declared_.classes());
    return std::move(out_);
  }

 private:
  // ---- What the target holds.
  void read_items(Node items, std::string_view text, const std::string& module, bool is_open) {
    for (const Node item : items.named_children()) {
      if (rust_is_test(item, text)) continue;
      const std::string_view type = item.type();
      if (type == "function_item") {
        add_function(item, {.text = text,
                            .class_name = {},
                            .foreign = {},
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
                   is_open && is_rust_public(item, text));
      } else if (type == "trait_item") {
        read_trait(item, text);
      } else if (type == "const_item" || type == "static_item") {
        collect_rust_literals(item, text, shared_);
      }
    }
  }

  // What an impl block says of the functions in it.
  Scope scope_of(Node impl, std::string_view text) {
    Scope scope{.text = text, .foreign = {}, .known = {}};
    scope.class_name = RustDeclarations::class_name(impl, text);
    scope.trait = impl.field("trait").text(text);
    scope.known = declared_.known_in(impl, text);
    if (declared_.types().declared(scope.class_name) == nullptr) {
      scope.foreign = declared_.implementing_type(impl, text);
      scope.known["Self"] = scope.foreign;
      if (scope.trait.empty() || scope.foreign.kind == Kind::unknown)
        scope.uncallable = "its type " + scope.class_name + " is not public";
    }
    if (scope.trait.empty() || !scope.uncallable.empty()) return scope;
    const std::string name = rust_last_name(scope.trait.substr(0, scope.trait.find('<')));
    const char* known = std_trait(name);
    if (known != nullptr) {
      scope.uses = known;
    } else if (declared_.is_trait(name)) {
      scope.uses = declared_.paths()[name];
    } else {
      scope.uncallable = "no test calls " + name + " by itself";
    }
    return scope;
  }

  void read_impl(Node impl, std::string_view text) {
    const Scope scope = scope_of(impl, text);
    for (const Node one : impl.field("body").named_children())
      if (one.type() == "function_item") add_function(one, scope);
  }

  // Methods that a trait gives to all that implement it are called on one of these.
  void read_trait(Node trait, std::string_view text) {
    const RustImpl* of = declared_.implementor(std::string(trait.field("name").text(text)));
    Scope scope{.text = text, .foreign = {}, .known = {}};
    if (of != nullptr) scope = scope_of(of->impl, of->text);
    scope.text = text;
    for (const Node one : trait.field("body").named_children()) {
      if (one.type() != "function_item") continue;
      Scope own = scope;
      if (of == nullptr || of->defines(one.field("name").text(text)))
        own.uncallable = "it is a trait's own";
      add_function(one, own);
    }
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
    declared_.read_generics(node, scope.text, known);
    const auto signature = declared_.signature_of(node, scope.text, known);
    out.parameters = signature.parameters;
    callable.adapters = signature.adapters;
    if (rust_last_name(scope.trait) == "Display" && out.name == "fmt") {  // Tests see the text.
      out.name = "to_string";
      out.parameters.clear();
      callable.adapters.clear();
    }
    out.uncallable = !scope.uncallable.empty() ? scope.uncallable : forbidden(node, scope.text);
    if (out.uncallable.empty() && !out.parameters.empty()) out.uncallable = signature.unknown();
    callable.typed_literals = has_rust_type_parameters(node, scope.text);
    if (scope.foreign.kind != Kind::unknown) {
      place_foreign(node, scope, signature.has_self, out, callable);
    } else if (scope.class_name.empty()) {
      place_free(node, scope, out, callable);
    } else {
      place_method(node, scope, signature.has_self, out, callable);
    }
    callable.call += rust_turbofish(node, scope.text, known);
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
      merge_literals(out.literals, shared_);  // It is reached through others.
      out.kind = Function::Kind::function;
      out.parameters.clear();
      out.construction.clear();
    }
    note_compared_texts(out, scope.text);
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
    const std::string path = crate_.exports.path_of(scope.module, scope.is_open, out.name);
    if (!is_rust_public(node, scope.text) || path.empty()) {
      if (out.uncallable.empty()) out.uncallable = "it is not public";
    } else if (out.name == "main") {
      out.uncallable = "it is not to be called";
    } else {
      declared_.paths().try_emplace(out.name, path);
    }
  }

  // impl Shout for str { fn shout(&self) }
  void place_foreign(Node node, const Scope& scope, bool has_self, Function& out,
                     RustCallable& callable) {
    callable.trait = scope.uses;
    callable.typed_literals = true;
    callable.call = out.name;
    Type type = scope.foreign;
    const bool is_sized = type.name != "str" && (!type.name.starts_with('[') || type.of.size() > 1);
    if (!has_self) {
      callable.call = rust_associated(type.name, out.name);
      if (type.name.find_first_of("&[(") == 0 && out.uncallable.empty())
        out.uncallable = "its type " + type.name + " has no name";
      return;
    }
    const std::string self(node.field("parameters").named_child(0).text(scope.text));
    const bool changes = self.starts_with('&') && self.find("mut ") != std::string::npos;
    if (self.find(':') != std::string::npos) out.uncallable = "its object stands behind a pointer";
    if (changes || !is_sized) type.name = (changes ? "&mut " : "&") + type.name;
    callable.on_first = true;
    out.parameters.insert(out.parameters.begin(),
                          {.name = "object", .type = std::move(type), .annotated = true});
    callable.adapters.insert(callable.adapters.begin(), "");
  }

  static std::string letters_of(std::string_view text) {
    std::string out;
    std::ranges::copy_if(text, std::back_inserter(out), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    return out;
  }

  void place_method(Node node, const Scope& scope, bool has_self, Function& out,
                    RustCallable& callable) {
    static const std::set<std::string, std::less<>> kLeft = {"ne",  "lt",  "le",    "gt",  "ge",
                                                             "max", "min", "clone", "drop"};
    out.class_name = scope.class_name;
    callable.trait = scope.uses;
    callable.call = out.name;
    const bool is_open = !scope.trait.empty() || is_rust_public(node, scope.text);
    if (out.uncallable.empty() && !is_open) out.uncallable = "it is not public";
    if (out.uncallable.empty() && !scope.trait.empty() && kLeft.contains(out.name))
      out.uncallable = "no test calls it by itself";
    if (!out.uncallable.empty()) return;
    if (!has_self) {
      out.kind = Function::Kind::static_method;
      callable.call = rust_associated(declared_.types().spelled(out.class_name), out.name);
      callable.typed_literals = scope.trait.starts_with("From<");
      if (callable.typed_literals) out.name += "_" + letters_of(scope.trait.substr(4));
      return;
    }
    const std::string self(node.field("parameters").named_child(0).text(scope.text));
    out.kind = Function::Kind::method;
    callable.changes_object = self.find("&mut") != std::string::npos ||
                              (self.starts_with('&') && self.find(" mut ") != std::string::npos);
    callable.consumes_object = !self.starts_with('&');
    callable.is_last_step =
        callable.consumes_object || (!callable.changes_object && !hides_changes(out.class_name));
    out.only_reads = callable.is_last_step && !callable.consumes_object;
    if (self.find(':') != std::string::npos) out.uncallable = "its object stands behind a pointer";
    const RustClass& of = declared_.class_of(out.class_name);
    if (!of.uncallable.empty() && out.uncallable.empty()) out.uncallable = of.uncallable;
    out.construction = of.construction;
  }

  // Whether an object may change behind a reference that does not say so.
  bool hides_changes(const std::string& class_name) const {
    const RustDeclared* of = declared_.types().declared(class_name);
    if (of == nullptr) return false;
    const std::string_view said = of->item.text(of->text);
    return std::ranges::any_of(
        std::array{"Cell<", "Mutex<", "RwLock<", "Atomic"},
        [&](const char* mark) { return said.find(mark) != std::string_view::npos; });
  }

  void read_result(Node result, std::string_view text, const RustTypes::Known& known, Function& out,
                   RustCallable& callable) {
    if (!result || result.type() == "unit_type" || result.type() == "never_type") return;
    callable.has_result = true;
    out.result = declared_.types().type_of(result, text, known);
    const std::string said(result.text(text));
    if (out.name == "into_iter") callable.collects = ".take(50).collect::<Vec<_>>()";
    if (said.starts_with("impl ") && said.find("Iterator<") != std::string::npos)
      callable.collects = ".take(50).collect::<Vec<_>>()";
    if (said.starts_with("Box<dyn Iterator<")) callable.collects = ".take(50).collect::<Vec<_>>()";
    const auto class_in = [&](Node type) {
      if (type.type() == "generic_type") type = type.field("type");
      const std::string name = rust_last_name(type.text(text));
      return name == "Self"                                ? out.class_name
             : declared_.types().declared(name) != nullptr ? name
                                                           : "";
    };
    callable.result_class = class_in(result);
    callable.gives_object = !out.class_name.empty() && callable.result_class == out.class_name;
    if (callable.consumes_object && callable.gives_object) callable.is_last_step = false;
    if (!callable.result_class.empty() || result.type() != "generic_type") return;
    const std::string holder = rust_last_name(result.field("type").text(text));
    if (holder != "Option" && holder != "Result") return;
    callable.holder = holder;
    callable.result_class = class_in(result.field("type_arguments").named_child(0));
  }

  const RustCrate& crate_;
  RustDeclarations declared_;
  Literals shared_;
  RustSource out_;
};

}  // namespace

std::string rust_import(const std::string& name, const std::string& path) {
  return rust_last_name(path) == name ? path : path + " as " + name;
}

RustSource rust_source(const RustCrate& crate) { return Reader(crate).read(); }

}  // namespace leyden::qa
