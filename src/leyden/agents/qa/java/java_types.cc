#include "leyden/agents/qa/java/java_types.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "leyden/agents/qa/java/java_library.h"
#include "leyden/agents/qa/java/java_setters.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;

constexpr std::size_t kDepthMax = 8;
constexpr std::size_t kChoicesMax = 30;

Type integer() { return {.kind = Kind::integer, .of = {}, .name = "Integer"}; }

// Another word for a type in angle brackets.
Type boxed(Type type) {
  type.name = java_box(type.name);
  return type;
}

bool is_plain_type(std::string_view kind) {
  return kind == "integral_type" || kind == "floating_point_type" || kind == "boolean_type" ||
         kind == "type_identifier";
}

Node members_of(const JavaDeclared& declared) { return declared.node.field("body"); }

bool is_named_type(const std::string& text, const std::string& name) {
  return text == name || text.starts_with(name + "<") || text.ends_with("." + name);
}

// Whether one of what a class extends or implements is this.
bool extends(const JavaDeclared& declared, const std::string& name) {
  const std::string simple = name.substr(name.rfind('.') + 1);
  std::vector<Node> found = declared.node.field("superclass").named_children();
  for (const Node list : declared.node.field("interfaces").named_children()) {
    for (const Node one : list.named_children()) found.push_back(one);
  }
  return std::ranges::any_of(
      found, [&](Node one) { return is_named_type(std::string(one.text(declared.text)), simple); });
}

// Whether it takes more; of constructors that take as much that of more texts, which may say numbers, too. A method of one text often knows a few names only.
bool says_more(const JavaMaker& one, const JavaMaker& other) {
  if (!one.call.starts_with("new ")) return one.parameters.size() > other.parameters.size();
  const auto rank = [](const JavaMaker& maker) {
    return std::pair(maker.parameters.size(),
                     std::ranges::count(maker.parameters, Kind::text,
                                        [](const Parameter& of) { return of.type.kind; }));
  };
  return rank(one) > rank(other);
}

}  // namespace

std::pair<std::int64_t, std::int64_t> java_integer_range(const std::string& name) {
  if (name == "long" || name == "Long")
    return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  if (name == "short" || name == "Short") return {INT16_MIN, INT16_MAX};
  if (name == "byte" || name == "Byte") return {INT8_MIN, INT8_MAX};
  return {INT32_MIN, INT32_MAX};
}

std::string java_box(const std::string& name) {
  static const std::map<std::string, std::string> all = {
      {"int", "Integer"},   {"long", "Long"},   {"short", "Short"},     {"byte", "Byte"},
      {"double", "Double"}, {"float", "Float"}, {"boolean", "Boolean"}, {"char", "Character"}};
  const auto found = all.find(name);
  return found == all.end() ? name : found->second;
}

bool declares_exceptions(Node node) {
  return std::ranges::any_of(node.named_children(),
                             [](Node child) { return child.type() == "throws"; });
}

bool has_modifier(Node node, std::string_view text, std::string_view word) {
  for (const Node child : node.named_children()) {
    if (child.type() != "modifiers") continue;
    for (std::uint32_t i = 0; i < child.child_count(); ++i) {
      if (child.child(i).text(text) == word) return true;
    }
  }
  return false;
}

void JavaTypes::add(const JavaDeclared& declared) {
  whole_.try_emplace(declared.name.substr(declared.name.rfind('.') + 1), declared.name);
  declared_.insert_or_assign(declared.name, declared);
}

const JavaDeclared* JavaTypes::find(const std::string& name) const {
  auto found = declared_.find(name);
  if (found == declared_.end()) {
    const auto whole = whole_.find(name);
    if (whole != whole_.end()) found = declared_.find(whole->second);
  }
  return found == declared_.end() ? nullptr : &found->second;
}

void JavaTypes::bind(Node type_parameters, std::string_view text, JavaBindings& out) {
  for (const Node one : type_parameters.named_children()) {
    if (one.type() != "type_parameter") continue;
    std::string name;
    Type type = integer();
    for (const Node child : one.named_children()) {
      if (child.type() == "type_identifier" || child.type() == "identifier")
        name = child.text(text);
      if (child.type() != "type_bound") continue;
      const std::string bound(child.named_child(0).text(text));
      if (bound.starts_with("Comparable") || bound.starts_with("Number")) continue;
      type = boxed(type_of(child.named_child(0), text, out, 1));
    }
    out[name] = std::move(type);
  }
}

std::string JavaTypes::type_arguments(const JavaDeclared& declared) const {
  const Node list = declared.node.field("type_parameters");
  std::vector<std::string> all(list.named_child_count(), "Integer");
  return all.empty() ? "" : "<" + joined(all, ", ") + ">";
}

std::string JavaTypes::erased(Node node, std::string_view text) const {
  const std::string_view kind = node.type();
  if (kind == "integral_type" || kind == "floating_point_type" || kind == "boolean_type")
    return std::string(node.text(text));
  if (kind == "void_type") return {};
  if (kind == "array_type")
    return erased(node.field("element"), text) + std::string(node.field("dimensions").text(text));
  if (kind == "generic_type" || kind == "annotated_type")
    return erased(node.named_child(kind == "generic_type" ? 0 : node.named_child_count() - 1),
                  text);
  const std::string name(node.text(text));
  if (const JavaDeclared* own = find(name)) return own->is_hidden ? "Object" : own->name;
  if (const auto imported = imports_.find(name); imported != imports_.end())
    return imported->second;
  const std::string known = java_library_name(name);
  return known.empty() || known.find('<') != std::string::npos ? "Object" : known;
}

Type JavaTypes::type_of(Node node, std::string_view text, const JavaBindings& bindings,
                        std::size_t depth) {
  if (!node || depth > kDepthMax) return {};
  const std::string_view kind = node.type();
  if (is_plain_type(kind) || kind == "scoped_type_identifier") {
    const std::string name(node.text(text));
    if (const auto bound = bindings.find(name); bound != bindings.end()) return bound->second;
    if (find(name) != nullptr) return named(name, {}, depth + 1);
    return java_library_type(name.substr(name.rfind('.') + 1), {}).value_or(Type{});
  }
  if (kind == "array_type") {
    Type item = type_of(node.field("element"), text, bindings, depth + 1);
    const std::string dimensions(node.field("dimensions").text(text));
    if (item.kind == Kind::unknown || item.name.find('<') != std::string::npos) return {};
    for (const char c : dimensions) {
      if (c != '[') continue;
      std::string name = item.name + "[]";
      item = {.kind = Kind::list, .of = {std::move(item)}, .name = std::move(name)};
    }
    return item;
  }
  if (kind == "generic_type") return generic(node, text, bindings, depth);
  if (kind == "annotated_type")
    return type_of(node.named_child(node.named_child_count() - 1), text, bindings, depth + 1);
  if (kind == "wildcard") {
    const Node bound = node.named_child(node.named_child_count() - 1);
    return node.named_child_count() == 0 ? integer() : type_of(bound, text, bindings, depth + 1);
  }
  return {};
}

Type JavaTypes::generic(Node node, std::string_view text, const JavaBindings& bindings,
                        std::size_t depth) {
  const std::string name(node.named_child(0).text(text));
  std::vector<Type> arguments;
  for (const Node one : node.named_child(1).named_children()) {
    arguments.push_back(boxed(type_of(one, text, bindings, depth + 1)));
    if (arguments.back().kind == Kind::unknown) return {};
  }
  if (find(name) != nullptr) return named(name, arguments, depth + 1);
  return java_library_type(name.substr(name.rfind('.') + 1), arguments).value_or(Type{});
}

Type JavaTypes::enumeration(const JavaDeclared& declared) const {
  Type out{.kind = Kind::expression, .of = {}, .name = declared.name};
  for (const Node one : members_of(declared).named_children()) {
    if (one.type() == "enum_constant" && out.texts.size() < kChoicesMax)
      out.texts.push_back(declared.name + "." + std::string(one.field("name").text(declared.text)));
  }
  return out.texts.empty() ? Type{} : out;
}

Type JavaTypes::named(const std::string& name, const std::vector<Type>& arguments,
                      std::size_t depth) {
  const JavaDeclared* declared = find(name);
  if (declared == nullptr || declared->is_hidden || depth > kDepthMax) return {};
  if (declared->node.type() == "enum_declaration") return enumeration(*declared);
  const bool is_abstract = declared->node.type() == "interface_declaration" ||
                           has_modifier(declared->node, declared->text, "abstract");
  if (is_abstract) {
    const JavaDeclared* other = implementation_of(*declared);
    return other == nullptr ? Type{} : named(other->name, arguments, depth + 1);
  }
  if (open_.contains(declared->name)) return {};
  open_.insert(declared->name);
  Type out = object(*declared, arguments, depth);
  open_.erase(declared->name);
  return out;
}

const JavaDeclared* JavaTypes::implementation_of(const JavaDeclared& declared) const {
  const auto found = std::ranges::find_if(declared_, [&](const auto& one) {
    const JavaDeclared& other = one.second;
    return other.node.type() != "interface_declaration" && !other.is_hidden &&
           !has_modifier(other.node, other.text, "abstract") && extends(other, declared.name);
  });
  return found == declared_.end() ? nullptr : &found->second;
}

Type JavaTypes::object(const JavaDeclared& declared, const std::vector<Type>& arguments,
                       std::size_t depth) {
  JavaBindings bindings;
  bind(declared.node.field("type_parameters"), declared.text, bindings);
  std::vector<std::string> names;
  std::size_t place = 0;
  for (const Node one : declared.node.field("type_parameters").named_children()) {
    std::string parameter(one.named_child(0).text(declared.text));
    if (place < arguments.size()) bindings[parameter] = arguments[place];
    names.push_back(bindings[parameter].name);
    ++place;
  }
  const std::string behind = names.empty() ? "" : "<" + joined(names, ", ") + ">";
  auto maker = maker_of(declared, bindings, behind, depth);
  if (!maker) return {};
  maker->plain = maker->call;
  if (maker->parameters.empty() && maker->plain == "new " + declared.name)
    fill_by_setters(declared, bindings, depth, *this, *maker);
  Type out{.kind = Kind::record, .of = {}, .name = declared.name + behind};
  for (const Parameter& one : maker->parameters) {
    out.of.push_back(one.type);
    out.texts.push_back(one.name);
  }
  // It is made in one way, wherever it is read.
  const auto [known, is_new] = makers_.try_emplace(out.name, *maker);
  const bool same = known->second.call == maker->call &&
                    known->second.parameters.size() == maker->parameters.size();
  return is_new || same ? out : Type{};
}

// The constructor that takes most, of those whose parameters all have values; else a static method that gives one.
std::optional<JavaMaker> JavaTypes::maker_of(const JavaDeclared& declared,
                                             const JavaBindings& bindings,
                                             const std::string& arguments, std::size_t depth) {
  if (declared.is_inner) return std::nullopt;
  std::optional<JavaMaker> best;
  bool has_constructor = false;
  const auto consider = [&](Node maker, std::string call, const JavaBindings& bound) {
    JavaMaker one{
        .call = std::move(call), .parameters = {}, .is_checked = declares_exceptions(maker)};
    one.parameters =
        parameters_of(maker.field("parameters"), declared.text, bound, one.takes_rest, depth + 1);
    const bool known = std::ranges::none_of(one.parameters, [](const Parameter& parameter) {
      return parameter.type.kind == Kind::unknown;
    });
    if (known && (!best || says_more(one, *best))) best = std::move(one);
  };
  const std::string constructed = "new " + declared.name + arguments;
  if (declared.node.type() == "record_declaration") consider(declared.node, constructed, bindings);
  for (const Node one : members_of(declared).named_children()) {
    if (one.type() != "constructor_declaration") continue;
    has_constructor = true;
    if (!has_modifier(one, declared.text, "private")) consider(one, constructed, bindings);
  }
  if (!has_constructor && declared.node.type() == "class_declaration")
    return JavaMaker{.call = constructed, .parameters = {}};
  if (best) return best;
  const std::string simple = declared.name.substr(declared.name.rfind('.') + 1);
  for (const Node one : members_of(declared).named_children()) {
    if (one.type() != "method_declaration" || !has_modifier(one, declared.text, "static") ||
        has_modifier(one, declared.text, "private") ||
        !is_named_type(std::string(one.field("type").text(declared.text)), simple))
      continue;
    JavaBindings bound = bindings;
    bind(one.field("type_parameters"), declared.text, bound);
    consider(one, declared.name + "." + std::string(one.field("name").text(declared.text)), bound);
  }
  return best;
}

std::vector<Parameter> JavaTypes::parameters_of(Node list, std::string_view text,
                                                const JavaBindings& bindings, bool& takes_rest,
                                                std::size_t depth) {
  std::vector<Parameter> out;
  for (const Node one : list.named_children()) {
    const bool rest = one.type() == "spread_parameter";
    if (!rest && one.type() != "formal_parameter") continue;
    Node type = one.field("type");
    Node name = one.field("name");
    for (const Node child : rest ? one.named_children() : std::vector<Node>()) {
      if (child.type() == "variable_declarator") name = child.field("name");
      if (child.type() != "modifiers" && child.type() != "variable_declarator") type = child;
    }
    Type of = type_of(type, text, bindings, depth);
    const bool is_array = rest || one.field("dimensions");
    if (is_array && of.kind != Kind::unknown)
      of = of.name.find('<') != std::string::npos
               ? Type{}
               : Type{.kind = Kind::list, .of = {of}, .name = of.name + "[]"};
    if (has_modifier(one, text, "@Nullable") && of.kind != Kind::unknown)
      of = {.kind = Kind::optional, .of = {of}, .name = of.name};
    takes_rest = takes_rest || rest;
    out.push_back({.name = std::string(name.text(text)), .type = std::move(of), .annotated = true});
  }
  return out;
}

}  // namespace leyden::qa
