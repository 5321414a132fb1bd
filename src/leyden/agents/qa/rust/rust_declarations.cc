#include "leyden/agents/qa/rust/rust_declarations.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;

constexpr std::size_t kMembersMax = 6;  // That show a class.
constexpr const char* kAnyType =
    "i32";  // What a type parameter stands for, where nothing says more.

bool derives(Node item, std::string_view text, std::string_view trait) {
  for (Node above = item.previous();
       above.type() == "attribute_item" || above.type() == "line_comment";
       above = above.previous()) {
    const std::string_view said = above.text(text);
    if (said.starts_with("#[derive") && said.find(trait) != std::string_view::npos) return true;
  }
  return false;
}

// More than to be shown as one.
bool asks_for_text(Node impl, std::string_view text) {
  const std::string_view head =
      text.substr(impl.begin(), impl.field("body").begin() - impl.begin());
  return head.find("str>") != std::string_view::npos ||
         head.find("String>") != std::string_view::npos ||
         head.find("u8]>") != std::string_view::npos;
}

// "Iter" of "&'a Iter".
std::string last_word(std::string_view text) {
  const std::size_t at = text.find_last_of(" &'<>:");
  return std::string(at == std::string_view::npos ? text : text.substr(at + 1));
}

// An iterator is passed as one.
std::string adapter_of(Node type, Node function, std::string_view text) {
  std::string_view bounds = type.text(text);
  for (const Node one : function.field("type_parameters").named_children()) {
    if (type.type() == "type_identifier" && one.field("name").text(text) == type.text(text))
      bounds = one.field("bounds").text(text);
  }
  for (const Node clause : function.named_children()) {
    if (clause.type() != "where_clause") continue;
    for (const Node one : clause.named_children())
      if (one.field("left").text(text) == type.text(text)) bounds = one.field("bounds").text(text);
  }
  const std::size_t at = bounds.find("Iterator<");
  const bool is_iterator = at != std::string_view::npos && (at == 0 || bounds[at - 1] != 'o');
  return is_iterator ? ".into_iter()" : "";
}

}  // namespace

bool is_rust_public(Node item, std::string_view text) {
  return std::ranges::any_of(item.named_children(), [&](Node child) {
    return child.type() == "visibility_modifier" && child.text(text) == "pub";
  });
}

std::string rust_associated(std::string type, std::string_view function) {
  if (const std::size_t at = type.find('<'); at != std::string::npos) type.insert(at, "::");
  return fmt::format("{}::{}", type, function);
}

bool RustImpl::defines(std::string_view function) const {
  return std::ranges::any_of(impl.field("body").named_children(), [&](Node one) {
    return one.type() == "function_item" && one.field("name").text(text) == function;
  });
}

RustDeclarations::RustDeclarations(const RustCrate& crate) : crate_(crate) {
  // Of two types of one name the target's is meant.
  for (const RustFile& file : crate.files | std::views::reverse)
    declare(file.tree.root(), file.text, file.module, file.is_public);
  for (const RustFile& file : crate.files)
    read_impls(file.tree.root(), file.text, &RustDeclarations::bind_generics);
  for (const RustFile& file : crate.files)
    find_makers(file.tree.root(), file.text, file.module, file.is_public);
  for (const RustFile& file : crate.files)
    read_impls(file.tree.root(), file.text, &RustDeclarations::note_implementor);
  for (const RustFile& file : crate.files)
    read_impls(file.tree.root(), file.text, &RustDeclarations::find_members);
  for (auto& [name, of] : classes_) of.spelled = types_.spelled(name);
}

void RustDeclarations::read_impls(Node items, std::string_view text,
                                  void (RustDeclarations::*read)(Node, std::string_view)) {
  for (const Node item : items.named_children()) {
    if (rust_is_test(item, text)) continue;
    if (item.type() == "mod_item" && item.field("body")) read_impls(item.field("body"), text, read);
    if (item.type() == "impl_item") (this->*read)(item, text);
  }
}

// What an impl asks of its type's parameters, or says that they are: impl<T: AsRef<str>> Display for Shown<T>, impl Matrix<f64>.
void RustDeclarations::bind_generics(Node impl, std::string_view text) {
  RustDeclared* declared = types_.declared(class_name(impl, text));
  if (declared == nullptr || declared->generics.empty()) return;
  RustTypes::Known known;
  read_generics(impl, text, known);
  std::size_t i = 0;
  for (const Node one : impl.field("type").field("type_arguments").named_children()) {
    if (one.type() == "lifetime" || i == declared->arguments.size()) continue;
    Type& argument = declared->arguments[i++];
    Type said = types_.type_of(one, text, known);
    const bool plain = argument.name == kAnyType;
    if (plain && said.kind != Kind::unknown && said.kind != Kind::expression &&
        (said.kind != Kind::text || asks_for_text(impl, text)))
      argument = std::move(said);
  }
}

void RustDeclarations::note_implementor(Node impl, std::string_view text) {
  std::string trait(impl.field("trait").text(text));
  trait = rust_last_name(trait.substr(0, trait.find('<')));
  if (trait.empty() || !is_trait(trait)) return;
  const Type type = implementing_type(impl, text);
  if (type.kind == Kind::unknown) return;
  types_.add_implementor(trait, type);
  implementors_.try_emplace(std::move(trait), RustImpl{.impl = impl, .text = text});
}

const RustImpl* RustDeclarations::implementor(const std::string& trait) const {
  const auto found = implementors_.find(trait);
  return found == implementors_.end() ? nullptr : &found->second;
}

Type RustDeclarations::implementing_type(Node impl, std::string_view text) const {
  RustTypes::Known known;
  read_generics(impl, text, known);
  return types_.type_of(impl.field("type"), text, known);
}

// Methods that take nothing, change nothing and give something else than their object; a text, where it can be shown as one.
void RustDeclarations::find_members(Node impl, std::string_view text) {
  const std::string of = class_name(impl, text);
  if (types_.declared(of) == nullptr) return;
  const std::string_view trait = impl.field("trait").text(text);
  if (rust_last_name(trait) == "Display") add_member(of, "to_string()");
  if (!trait.empty()) return;
  for (const Node one : impl.field("body").named_children()) {
    const Node parameters = one.field("parameters");
    const std::string_view result = one.field("return_type").text(text);
    const std::string_view self = parameters.named_child(0).text(text);
    const bool gives_more = result.find("Self") != std::string_view::npos ||
                            result.find("impl ") != std::string_view::npos ||
                            result.find("Iterator") != std::string_view::npos ||
                            result.starts_with(of) || result.starts_with("&mut") ||
                            result == "()" || result == "!";
    if (one.type() == "function_item" && is_rust_public(one, text) &&
        parameters.named_child_count() == 1 && self.starts_with('&') &&
        self.find("mut ") == std::string_view::npos && !result.empty() && !gives_more &&
        !one.field("type_parameters"))
      add_member(of, std::string(one.field("name").text(text)) + "()");
  }
}

void RustDeclarations::add_member(const std::string& class_name, std::string member) {
  std::vector<std::string>& members = classes_[class_name].members;
  if (members.size() < kMembersMax) members.push_back(std::move(member));
}

void RustDeclarations::declare(Node items, std::string_view text, const std::string& module,
                               bool is_open) {
  for (const Node item : items.named_children()) {
    if (rust_is_test(item, text)) continue;
    const std::string_view type = item.type();
    const std::string name(item.field("name").text(text));
    if (type == "mod_item" && item.field("body"))
      declare(item.field("body"), text, fmt::format("{}::{}", module, name),
              is_open && is_rust_public(item, text));
    if (type == "use_declaration") {
      for (const std::string& path : rust_used_paths(item.field("argument").text(text)))
        declare_import(path, text);
    }
    const bool is_type = type == "struct_item" || type == "enum_item";
    const bool is_trait = type == "trait_item";
    if (!is_type && !is_trait && type != "type_item" && type != "const_item") continue;
    if (type == "type_item") types_.add_alias(name, item.field("type"), text);
    if (!is_rust_public(item, text)) continue;
    const std::string path = crate_.exports.path_of(module, is_open, name);
    if (path.empty() || !paths_.try_emplace(name, path).second) continue;
    if (is_trait) traits_.insert(name);
    if (is_type) declare_type(item, text, name);
  }
}

void RustDeclarations::declare_import(std::string_view path, std::string_view text) {
  const std::size_t as = path.find(" as ");
  std::string whole(trimmed(path.substr(0, as)));
  if (whole.ends_with("::self")) whole.erase(whole.size() - 6);
  if (!whole.starts_with("std::") && !whole.starts_with("core::")) return;
  types_.add_import(
      text, as == std::string_view::npos ? rust_last_name(whole) : std::string(path.substr(as + 4)),
      whole);
}

void RustDeclarations::declare_type(Node item, std::string_view text, const std::string& name) {
  RustDeclared declared{.item = item, .text = text};
  for (const Node one : item.field("type_parameters").named_children()) {
    if (one.type() == "type_parameter" || one.type() == "type_identifier")
      declared.generics.emplace_back(one.field("name") ? one.field("name").text(text)
                                                       : one.text(text));
    if (one.type() == "lifetime_parameter" || one.type() == "lifetime") ++declared.lifetimes;
  }
  declared.arguments.resize(declared.generics.size(),
                            {.kind = Kind::integer, .of = {}, .name = kAnyType});
  const Node body = item.field("body");
  std::size_t fields = 0;
  std::size_t open = 0;
  for (const Node child : body.named_children()) {
    if (child.type() == "field_declaration") {
      ++fields;
      open += is_rust_public(child, text) ? 1U : 0U;
      if (is_rust_public(child, text))
        add_member(name, std::string(child.field("name").text(text)));
    } else if (body.type() == "ordered_field_declaration_list") {
      const bool marks = child.type() == "visibility_modifier";
      if (marks) ++open;
      if (!marks && child.type() != "attribute_item") ++fields;
    }
  }
  declared.is_open = open == fields;
  types_.add(name, std::move(declared));
}

std::string RustDeclarations::class_name(Node impl, std::string_view text) {
  Node type = impl.field("type");
  if (type.type() == "generic_type") type = type.field("type");
  return rust_last_name(type.text(text));
}

// One may stand in the bounds of another; lifetimes say nothing.
void RustDeclarations::read_generics(Node item, std::string_view text,
                                     RustTypes::Known& known) const {
  std::map<std::string, std::vector<Node>> bounds;
  for (const Node one : item.field("type_parameters").named_children()) {
    if (one.type() != "type_parameter" && one.type() != "type_identifier") continue;
    const std::string name(one.field("name") ? one.field("name").text(text) : one.text(text));
    bounds[name] = one.field("bounds").named_children();
  }
  for (const Node clause : item.named_children()) {
    if (clause.type() != "where_clause") continue;
    for (const Node one : clause.named_children()) {
      const auto found = bounds.find(last_word(one.field("left").text(text)));
      if (found == bounds.end()) continue;
      for (const Node bound : one.field("bounds").named_children()) found->second.push_back(bound);
    }
  }
  // One may stand in the bounds of another.
  for (int round = 0; round < 2; ++round) {
    for (const auto& [name, of] : bounds) known[name] = types_.bounded(of, text, known);
  }
}

RustTypes::Known RustDeclarations::known_in(Node impl, std::string_view text) const {
  const std::string of = class_name(impl, text);
  RustTypes::Known out;
  read_generics(impl, text, out);
  const RustDeclared* declared = types_.declared(of);
  if (declared != nullptr) {
    std::size_t place = 0;
    for (const Node one : impl.field("type").field("type_arguments").named_children()) {
      if (one.type() == "lifetime" || place == declared->arguments.size()) continue;
      const Type& stands = declared->arguments[place++];
      if (out.contains(std::string(one.text(text)))) out[std::string(one.text(text))] = stands;
    }
    for (std::size_t i = 0; i < declared->generics.size(); ++i)
      out[declared->generics[i]] = declared->arguments[i];
  }
  out["Self"] = types_.named(of);
  return out;
}

void RustDeclarations::find_makers(Node items, std::string_view text, const std::string& module,
                                   bool is_open) {
  for (const Node item : items.named_children()) {
    if (rust_is_test(item, text)) continue;
    const std::string name(item.field("name").text(text));
    if (item.type() == "mod_item" && item.field("body"))
      find_makers(item.field("body"), text, fmt::format("{}::{}", module, name),
                  is_open && is_rust_public(item, text));
    if (item.type() == "function_item" && is_rust_public(item, text))
      add_free_maker(item, text, crate_.exports.path_of(module, is_open, name));
    if (item.type() != "impl_item") continue;
    const std::string of = class_name(item, text);
    if (types_.declared(of) == nullptr) continue;
    const RustTypes::Known known = known_in(item, text);
    const std::string trait(item.field("trait").text(text));
    for (const Node one : item.field("body").named_children())
      if (one.type() == "function_item") add_maker(of, one, text, trait, known);
  }
}

// `new` before others, and those with parameters before those without.
void RustDeclarations::add_maker(const std::string& name, Node function, std::string_view text,
                                 const std::string& trait, const RustTypes::Known& known) {
  const std::string method(function.field("name").text(text));
  const std::string result(function.field("return_type").text(text));
  const bool from_trait = trait == "Default" || trait == "FromStr" || trait.starts_with("From<") ||
                          trait.starts_with("FromIterator<");
  if (!from_trait && (!trait.empty() || !is_rust_public(function, text))) return;
  const bool plain =
      result == "Self" || rust_last_name(result) == name || result.starts_with(name + "<");
  const bool optional = result == "Option<Self>" || result == "Option<" + name + ">";
  const bool may_fail = result.starts_with("Result<Self,") || result.starts_with("Result<Self>") ||
                        result.starts_with("Result<" + name + ",");
  if (!plain && !optional && !may_fail) return;
  RustClass made{.spelled = types_.spelled(name),
                 .unwraps = optional   ? ".unwrap()"
                            : may_fail ? ".ok().unwrap()"
                                       : ""};
  made.maker = rust_associated(made.spelled, method);
  const int rank = method == "new" ? 0 : trait == "Default" ? 3 : from_trait ? 2 : 1;
  offer_maker(name, rank, std::move(made), function, text, known);
}

// pub fn parse(text: &str) -> Program
void RustDeclarations::add_free_maker(Node function, std::string_view text,
                                      const std::string& path) {
  static constexpr int kRank = 6;  // Behind those of the type itself.
  Node result = function.field("return_type");
  if (result.type() == "generic_type") result = result.field("type");
  const std::string name = rust_last_name(result.text(text));
  if (path.empty() || types_.declared(name) == nullptr) return;
  const std::string called = rust_last_name(path);
  if (offer_maker(name, kRank, {.spelled = types_.spelled(name), .maker = called}, function, text,
                  {}))
    paths_.try_emplace(called, path);
}

// False: there is a better one, or it takes what has no values.
bool RustDeclarations::offer_maker(const std::string& name, int rank, RustClass made, Node function,
                                   std::string_view text, RustTypes::Known known) {
  read_generics(function, text, known);
  const Signature signature = signature_of(function, text, known);
  const bool adapted =
      std::ranges::any_of(signature.adapters, [](const std::string& one) { return !one.empty(); });
  if (signature.has_self || adapted || !signature.unknown().empty()) return false;
  made.construction = signature.parameters;
  if (rank != 0 && made.construction.empty()) rank += 2;
  const auto known_rank = ranks_.find(name);
  if (known_rank != ranks_.end() && known_rank->second <= rank) return false;
  ranks_[name] = rank;
  std::vector<Type> types;
  types.reserve(made.construction.size());
  for (const Parameter& one : made.construction) types.push_back(one.type);
  types_.add_maker(name, std::move(types));
  made.members = std::move(classes_[name].members);
  classes_[name] = std::move(made);
  return true;
}

RustClass& RustDeclarations::class_of(const std::string& name) {
  RustClass& out = classes_[name];
  if (!out.maker.empty() || !out.construction.empty() || !out.uncallable.empty()) return out;
  out.spelled = types_.spelled(name);
  const Type type = types_.named(name);
  const RustDeclared* declared = types_.declared(name);
  if (type.kind == Kind::record || type.kind == Kind::any_of || type.kind == Kind::expression) {
    out.construction.push_back({.name = "value", .type = type, .annotated = true});
  } else if (declared != nullptr && derives(declared->item, declared->text, "Default")) {
    out.maker = rust_associated(out.spelled, "default");
  } else {
    out.uncallable = "nothing makes an object of its type " + name;
  }
  return out;
}

RustDeclarations::Signature RustDeclarations::signature_of(Node function, std::string_view text,
                                                           const RustTypes::Known& known) const {
  Signature out;
  for (const Node one : function.field("parameters").named_children()) {
    if (one.type() == "self_parameter") out.has_self = true;
    if (one.type() != "parameter") continue;
    const Node pattern = one.field("pattern");
    std::string name = pattern.type() == "identifier"
                           ? std::string(pattern.text(text))
                           : fmt::format("argument{}", out.parameters.size() + 1);
    if (name.starts_with('_')) name = fmt::format("argument{}", out.parameters.size() + 1);
    out.parameters.push_back({.name = std::move(name),
                              .type = types_.type_of(one.field("type"), text, known),
                              .annotated = true});
    out.adapters.push_back(adapter_of(one.field("type"), function, text));
  }
  return out;
}

std::string RustDeclarations::Signature::unknown() const {
  for (const Parameter& one : parameters) {
    const bool inner = one.type.name.find("&mut", 1) != std::string::npos;
    if (one.type.kind == Kind::unknown || inner || one.type.name == "&mut str")
      return fmt::format("no values are made for its parameter {}", one.name);
  }
  return {};
}

}  // namespace leyden::qa
