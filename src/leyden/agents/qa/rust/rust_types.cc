#include "leyden/agents/qa/rust/rust_types.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "leyden/agents/qa/rust/rust_callbacks.h"
#include "leyden/agents/qa/rust/rust_standard_types.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;

constexpr std::size_t kDepthMax = 8;
constexpr std::size_t kArrayMax = 64;

Type made(Kind kind, std::string name, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = std::move(name)};
}

const std::map<std::string, std::pair<std::int64_t, std::int64_t>, std::less<>>& ranges() {
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  static const std::map<std::string, std::pair<std::int64_t, std::int64_t>, std::less<>> all = {
      {"i8", {-128, 127}},      {"i16", {-32768, 32767}},  {"i32", {INT32_MIN, INT32_MAX}},
      {"i64", {kLeast, kMost}}, {"i128", {kLeast, kMost}}, {"isize", {kLeast, kMost}},
      {"u8", {0, 255}},         {"u16", {0, 65535}},       {"u32", {0, UINT32_MAX}},
      {"u64", {0, kMost}},      {"u128", {0, kMost}},      {"usize", {0, kMost}}};
  return all;
}

Type fundamental(const std::string& name) {
  if (name == "bool") return made(Kind::boolean, name);
  if (name == "String" || name == "str") return made(Kind::text, name);
  if (name == "f64" || name == "f32") return made(Kind::real, name);
  if (name == "char") return made(Kind::bytes, name);
  if (ranges().contains(name)) return made(Kind::integer, name);
  return {};
}

// Vec<u8> and the like are texts.
Type list_of(std::string name, Type item) {
  if (item.kind == Kind::unknown) return {};
  const bool is_text = item.name == "u8" && (name == "[u8]" || name == "Vec<u8>");
  return is_text ? made(Kind::text, std::move(name))
                 : made(Kind::list, std::move(name), {std::move(item)});
}

}  // namespace

std::string rust_last_name(std::string_view path) {
  const std::size_t at = path.rfind("::");
  return std::string(at == std::string_view::npos ? path : path.substr(at + 2));
}

std::pair<std::int64_t, std::int64_t> rust_integer_range(const std::string& name) {
  std::string plain = name;
  while (plain.starts_with('&')) plain.erase(0, plain.starts_with("&mut ") ? 5 : 1);
  if (const std::size_t at = plain.rfind('<'); at != std::string::npos)  // Box<u8>
    plain = plain.substr(at + 1, plain.find('>') - at - 1);
  const auto found = ranges().find(plain);
  return found == ranges().end() ? ranges().find("i32")->second : found->second;
}

const RustDeclared* RustTypes::declared(const std::string& name) const {
  const auto found = declared_.find(name);
  return found == declared_.end() ? nullptr : &found->second;
}

RustDeclared* RustTypes::declared(const std::string& name) {
  const auto found = declared_.find(name);
  return found == declared_.end() ? nullptr : &found->second;
}

std::string RustTypes::spelled(const std::string& name) const {
  const RustDeclared* known = declared(name);
  if (known == nullptr || known->generics.empty()) return name;
  std::vector<std::string> arguments;
  arguments.reserve(known->arguments.size());
  for (const Type& one : known->arguments) arguments.push_back(one.name);
  return name + "<" + joined(arguments, ", ") + ">";
}

std::string RustTypes::spelled_for_good(const std::string& name) const {
  const RustDeclared* known = declared(name);
  if (known == nullptr) return name;
  std::vector<std::string> arguments(known->lifetimes, "'static");
  for (const Type& one : known->arguments)
    arguments.push_back(one.name.starts_with('&') ? "&'static " + one.name.substr(1) : one.name);
  return arguments.empty() ? name : name + "<" + joined(arguments, ", ") + ">";
}

Type RustTypes::named(const std::string& name, std::size_t depth) const {
  if (depth > kDepthMax || open_.contains(name)) return {};
  if (const auto alias = aliases_.find(name); alias != aliases_.end()) {
    open_.insert(name);
    Type out = type_of(alias->second.first, alias->second.second, {}, depth + 1);
    open_.erase(name);
    return out;
  }
  const RustDeclared* known = declared(name);
  if (known == nullptr) return fundamental(name);
  if (known->item.type() == "enum_item") return choice(name, *known, depth);
  if (known->is_open) {
    if (Type out = structure(name, *known, depth); out.kind != Kind::unknown) return out;
  }
  if (const auto maker = makers_.find(name); maker != makers_.end())
    return made(Kind::object, spelled(name), maker->second);
  return {};
}

// `name` is what stands before the fields: "Point", "Shape::Circle". Of a tuple they are called 0, 1 ...
Type RustTypes::fields(const std::string& name, Node body, std::string_view text,
                       const Known& known, std::size_t depth) const {
  if (!body) return {.kind = Kind::expression, .of = {}, .name = name, .texts = {name}};
  Type out{.kind = Kind::record, .of = {}, .name = name};
  const bool is_tuple = body.type() == "ordered_field_declaration_list";
  for (const Node field : body.named_children()) {
    const std::string_view kind = field.type();
    if (is_tuple
            ? kind == "visibility_modifier" || kind == "attribute_item" || kind.ends_with("comment")
            : kind != "field_declaration")
      continue;
    Type type = type_of(is_tuple ? field : field.field("type"), text, known, depth + 1);
    if (type.kind == Kind::unknown) return {};
    out.texts.push_back(is_tuple ? std::to_string(out.of.size())
                                 : std::string(field.field("name").text(text)));
    out.of.push_back(std::move(type));
  }
  return out;
}

Type RustTypes::structure(const std::string& name, const RustDeclared& declared,
                          std::size_t depth) const {
  Known known;
  for (std::size_t i = 0; i < declared.generics.size(); ++i)
    known[declared.generics[i]] = declared.arguments[i];
  open_.insert(name);
  Type out = fields(name, declared.item.field("body"), declared.text, known, depth);
  open_.erase(name);
  if (out.kind == Kind::record) out.name = spelled(name);
  return out;
}

// An enumeration: one of its names, or any of these and variants that hold something.
Type RustTypes::choice(const std::string& name, const RustDeclared& declared,
                       std::size_t depth) const {
  if (!declared.generics.empty()) return {};
  Type plain{.kind = Kind::expression, .of = {}, .name = name};
  Type out{.kind = Kind::any_of, .of = {}, .name = name};
  open_.insert(name);
  for (const Node variant : declared.item.field("body").named_children()) {
    if (variant.type() != "enum_variant") continue;
    const std::string text = name + "::" + std::string(variant.field("name").text(declared.text));
    Type one = fields(text, variant.field("body"), declared.text, {}, depth);
    if (one.kind == Kind::expression) plain.texts.push_back(text);
    if (one.kind == Kind::record) out.of.push_back(std::move(one));
  }
  open_.erase(name);
  if (out.of.empty()) return plain.texts.empty() ? Type{} : plain;
  if (!plain.texts.empty()) out.of.push_back(std::move(plain));
  return out;
}

// What holds one value, two bounds or a text.
Type RustTypes::holder(const std::string& name, Type inner) const {
  if (declared(name) != nullptr) return {};
  if (const std::string wrapper = rust_wrapper(name); !wrapper.empty()) {
    if (inner.name == "str" || inner.name.starts_with('[')) return {};
    inner.name = fmt::format("{}<{}>", wrapper, inner.name);
    return inner;
  }
  if (name == "Cow" && inner.name == "str") return made(Kind::text, "std::borrow::Cow<str>");
  const bool is_range = name == "Range" || name == "RangeInclusive";
  if (!is_range || inner.kind != Kind::integer) return {};
  return made(Kind::tuple, fmt::format("std::ops::{}<{}>", name, inner.name), {inner, inner});
}

// "Duration", where the file says that it is std::time's; "std::path::Path", "time::Duration".
Type RustTypes::of_standard(Node node, std::string_view text) const {
  std::string path(node.text(text));
  const std::string head = path.substr(0, path.find("::"));
  const auto file = imports_.find(text.data());
  if (file != imports_.end()) {
    if (const auto found = file->second.find(head); found != file->second.end())
      path.replace(0, head.size(), found->second);
  }
  if (path.starts_with("core::")) path.replace(0, 4, "std");
  return rust_standard_type(path);
}

Type RustTypes::generic(Node node, std::string_view text, const Known& known,
                        std::size_t depth) const {
  const std::string name = rust_last_name(node.field("type").text(text));
  std::vector<Type> of;
  for (const Node one : node.field("type_arguments").named_children()) {
    if (one.type() != "lifetime") of.push_back(type_of(one, text, known, depth + 1));
  }
  if (of.empty()) return named(name, depth);
  if (of[0].kind == Kind::unknown) return {};
  if (of.size() == 1) {
    if (Type held = holder(name, of[0]); held.kind != Kind::unknown) return held;
    const std::string whole = fmt::format("{}<{}>", name, of[0].name);
    if (name == "Vec" || name == "VecDeque") return list_of(whole, of[0]);
    if (name == "HashSet" || name == "BTreeSet") return made(Kind::set, whole, {of[0]});
    if (name == "Option") return made(Kind::optional, whole, {of[0]});
  }
  if (of.size() == 2 && (name == "HashMap" || name == "BTreeMap") && of[1].kind != Kind::unknown) {
    const std::string whole = fmt::format("{}<{}, {}>", name, of[0].name, of[1].name);
    return made(Kind::map, whole, std::move(of));
  }
  std::vector<std::string> names;
  names.reserve(of.size());
  for (const Type& one : of) names.push_back(one.name);
  Type own = named(name, depth);
  return own.name == fmt::format("{}<{}>", name, joined(names, ", ")) ? own : Type{};
}

Type RustTypes::behind_reference(Node node, std::string_view text, const Known& known,
                                 std::size_t depth) const {
  Type out = type_of(node.field("type"), text, known, depth + 1);
  if (out.kind == Kind::unknown) return out;
  const bool changes = std::ranges::any_of(
      node.named_children(), [](Node child) { return child.type() == "mutable_specifier"; });
  out.name = (changes ? "&mut " : "&") + out.name;
  return out;
}

Type RustTypes::callback(Node node, std::string_view text, const Known& known) const {
  std::vector<std::string> takes;
  for (const Node one : node.field("parameters").named_children())
    takes.push_back(type_of(one, text, known).name);
  const Node result = node.field("return_type");
  const std::string gives = result ? type_of(result, text, known).name : "()";
  std::vector<std::string> texts = rust_callbacks(takes, gives);
  if (texts.empty() || std::ranges::find(takes, "") != takes.end()) return {};
  const std::string kind(node.field("trait").text(text));
  return {.kind = Kind::expression,
          .of = {},
          .name = fmt::format("dyn {}({}) -> {}", kind, joined(takes, ", "), gives),
          .texts = std::move(texts)};
}

// What can be read is a text, what can be written to keeps it.
Type RustTypes::of_stream(Node bound, const std::string& name, std::string_view text) const {
  if (name == "Read" || name == "BufRead") return made(Kind::text, "&[u8]");
  if (name != "Write") return {};
  const auto file = imports_.find(text.data());
  const std::string_view said = bound.text(text);
  const bool of_fmt = said.starts_with("fmt::") || said.find("::fmt::") != std::string_view::npos ||
                      (said == "Write" && file != imports_.end() && file->second.contains(said) &&
                       file->second.find(said)->second == "std::fmt::Write");
  return made(Kind::text, of_fmt ? "String" : "Vec<u8>");
}

Type RustTypes::bounded(const std::vector<Node>& bounds, std::string_view text,
                        const Known& known) const {
  static const std::set<std::string, std::less<>> kText = {"AsRef<str>", "Into<String>", "ToString",
                                                           "Display"};
  static const std::set<std::string, std::less<>> kNone = {"Error", "Future"};
  Type out = made(Kind::integer, "i32");
  for (const Node bound : bounds) {
    std::string plain(bound.text(text));
    std::erase(plain, ' ');
    const std::string name = rust_last_name(plain);
    if (bound.type() == "function_type") return callback(bound, text, known);
    if (kText.contains(name)) return made(Kind::text, "&str");
    if (kNone.contains(name)) return {};
    if (name == "Float") return made(Kind::real, "f64");
    if (const auto one = implementors_.find(name); one != implementors_.end()) return one->second;
    if (Type stream = of_stream(bound, name, text); stream.kind != Kind::unknown) return stream;
    if (bound.type() != "generic_type") continue;
    const Node arguments = bound.field("type_arguments");
    const std::string trait = rust_last_name(bound.field("type").text(text));
    for (const Node one : arguments.named_children()) {
      if (one.type() == "type_binding" && (trait == "Iterator" || trait == "IntoIterator")) {
        Type item = type_of(one.field("type"), text, known);
        return item.kind == Kind::unknown
                   ? Type{}
                   : made(Kind::list, fmt::format("Vec<{}>", item.name), {item});
      }
    }
    if (const auto one = implementors_.find(trait); one != implementors_.end()) return one->second;
    if (trait == "RangeBounds")
      return holder("Range", type_of(arguments.named_child(0), text, known));
    if (trait == "AsRef" || trait == "Borrow" || trait == "Into") {
      Type inner = type_of(arguments.named_child(0), text, known);
      if (inner.kind == Kind::unknown) return {};
      const bool is_path = inner.name == "std::path::Path";
      if (inner.kind == Kind::text && (trait == "Into" || is_path)) return made(Kind::text, "&str");
      if (trait == "Into") return inner;
      inner.name = "&" + inner.name;
      return inner;
    }
  }
  return out;
}

Type RustTypes::type_of(Node node, std::string_view text, const Known& known,
                        std::size_t depth) const {
  if (!node || depth > kDepthMax) return {};
  const std::string_view kind = node.type();
  if (kind == "primitive_type") return fundamental(std::string(node.text(text)));
  if (kind == "type_identifier") {
    const std::string name(node.text(text));
    if (const auto found = known.find(name); found != known.end()) return found->second;
    Type standard = of_standard(node, text);
    return standard.kind != Kind::unknown ? standard : named(name, depth + 1);
  }
  if (kind == "scoped_type_identifier") {
    Type standard = of_standard(node, text);
    return standard.kind != Kind::unknown ? standard
                                          : named(rust_last_name(node.text(text)), depth + 1);
  }
  if (kind == "generic_type") return generic(node, text, known, depth);
  if (kind == "reference_type") return behind_reference(node, text, known, depth);
  if (kind == "unit_type") return made(Kind::none, "()");
  if (kind == "abstract_type" || kind == "dynamic_type")
    return bounded({node.field("trait")}, text, known);
  if (kind == "array_type") {
    const Type item = type_of(node.field("element"), text, known, depth + 1);
    const Node length = node.field("length");
    if (!length) return list_of("[" + item.name + "]", item);
    const std::string said(length.text(text));
    const std::size_t count = std::strtoul(said.c_str(), nullptr, 10);
    if (item.kind == Kind::unknown || count == 0 || count > kArrayMax) return {};
    return made(Kind::tuple, fmt::format("[{}; {}]", item.name, count),
                std::vector<Type>(count, item));
  }
  if (kind == "tuple_type") {
    std::vector<Type> of;
    std::vector<std::string> names;
    for (const Node one : node.named_children()) {
      of.push_back(type_of(one, text, known, depth + 1));
      if (of.back().kind == Kind::unknown) return {};
      names.push_back(of.back().name);
    }
    return made(Kind::tuple, "(" + joined(names, ", ") + (of.size() == 1 ? ",)" : ")"),
                std::move(of));
  }
  return {};
}

}  // namespace leyden::qa
