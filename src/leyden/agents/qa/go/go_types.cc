#include "leyden/agents/qa/go/go_types.h"

#include <cstdlib>
#include <limits>

#include <fmt/format.h>

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
      {"int", {kLeast, kMost}},
      {"int8", {-128, 127}},
      {"int16", {-32768, 32767}},
      {"int32", {INT32_MIN, INT32_MAX}},
      {"int64", {kLeast, kMost}},
      {"uint", {0, kMost}},
      {"uint8", {0, 255}},
      {"byte", {0, 255}},
      {"uint16", {0, 65535}},
      {"uint32", {0, UINT32_MAX}},
      {"uint64", {0, kMost}},
      {"uintptr", {0, kMost}},
      {"time.Duration", {kLeast, kMost}},
      {"time.Month", {1, 12}},
      {"time.Weekday", {0, 6}}};
  return all;
}

Type fundamental(const std::string& name) {
  if (name == "bool") return made(Kind::boolean, name);
  if (name == "string") return made(Kind::text, name);
  if (name == "float64" || name == "float32") return made(Kind::real, name);
  if (name == "rune") return made(Kind::bytes, name);
  if (name == "any")
    return made(Kind::any_of, name, {made(Kind::integer, "int"), made(Kind::text, "string")});
  if (name == "error")
    return {.kind = Kind::expression,
            .of = {},
            .name = name,
            .texts = {"nil", "errors.New(\"broken\")"}};
  if (ranges().contains(name)) return made(Kind::integer, name);
  return {};
}

// Callbacks by what they take and give.
std::vector<std::string> callbacks(const std::string& takes, const std::string& gives) {
  const bool number = ranges().contains(takes) || takes == "float64";
  const std::string head = fmt::format("func(x {}) {} {{ return ", takes, gives);
  if (number && gives == "bool") return {head + "x > 1 }", head + "x < 0 }"};
  if (takes == "string" && gives == "bool") return {head + "len(x) > 1 }", head + "x == \"\" }"};
  if (takes == "string" && gives == "string") return {head + "x + \"!\" }"};
  if (takes == "string" && gives == "int") return {head + "len(x) }"};
  if (number && gives == takes) return {head + "2*x + 1 }"};
  return {};
}

}  // namespace

std::pair<std::int64_t, std::int64_t> go_integer_range(const std::string& name) {
  const auto found = ranges().find(name);
  return found == ranges().end() ? ranges().find("int32")->second : found->second;
}

Type GoTypes::named(const std::string& name, std::size_t depth) {
  if (depth > kDepthMax) return {};
  if (const auto few = choices_.find(name); few != choices_.end()) {
    std::vector<std::string> texts = few->second;
    const auto declared = declared_.find(name);
    // And one that is none of them.
    if (declared != declared_.end() &&
        ranges().contains(std::string(declared->second.type.text(declared->second.text))))
      texts.push_back(name + "(99)");
    used_choices_[name] = texts;
    return {.kind = Kind::expression, .of = {}, .name = name, .texts = std::move(texts)};
  }
  const auto found = declared_.find(name);
  if (found == declared_.end()) {
    Type out = fundamental(name);
    if (out.kind == Kind::expression) used_choices_[name] = out.texts;
    return out;
  }
  const GoDeclaredType& declared = found->second;
  if (declared.is_generic || open_.contains(name)) return {};
  if (declared.type.type() == "struct_type") return structure(name, declared, depth);
  if (declared.type.type() == "interface_type" && declared.type.named_child_count() > 0) return {};
  open_.insert(name);
  Type out = type_of(declared.type, declared.text, {}, depth + 1);
  open_.erase(name);
  // Its integers have the range of what it is made of.
  if (out.kind == Kind::expression || out.kind == Kind::unknown) return {};
  if (out.kind != Kind::optional) out.name = name;
  return out;
}

Type GoTypes::structure(const std::string& name, const GoDeclaredType& declared,
                        std::size_t depth) {
  open_.insert(name);
  Type out{.kind = Kind::record, .of = {}, .name = name};
  for (const Node field : declared.type.named_child(0).named_children()) {
    if (field.type() != "field_declaration") continue;
    const Type type = type_of(field.field("type"), declared.text, {}, depth + 1);
    if (type.kind == Kind::unknown) continue;  // It stays as it is.
    for (const Node child : field.named_children()) {
      if (child.type() != "field_identifier" || child.text(declared.text) == "_") continue;
      out.of.push_back(type);
      out.texts.emplace_back(child.text(declared.text));
    }
  }
  open_.erase(name);
  used_fields_.try_emplace(name, out.texts);
  // A structure has the same fields wherever it is read.
  if (used_fields_[name] == out.texts) return out;
  Type same{.kind = Kind::record, .of = {}, .name = name};
  for (std::size_t i = 0; i < out.texts.size(); ++i) {
    for (const std::string& known : used_fields_[name]) {
      if (known != out.texts[i]) continue;
      same.of.push_back(out.of[i]);
      same.texts.push_back(known);
    }
  }
  return same.texts == used_fields_[name] ? same : Type{};
}

Type GoTypes::list(Node node, std::string_view text, const std::set<std::string>& parameters,
                   std::size_t depth) {
  const Type item = type_of(node.field("element"), text, parameters, depth + 1);
  if (item.kind == Kind::unknown) return {};
  const bool is_text = item.name == "byte" || item.name == "uint8" || item.name == "rune";
  return is_text ? made(Kind::text, "[]" + item.name) : made(Kind::list, "[]" + item.name, {item});
}

Type GoTypes::array(Node node, std::string_view text, const std::set<std::string>& parameters,
                    std::size_t depth) {
  const Type item = type_of(node.field("element"), text, parameters, depth + 1);
  const std::string length(node.field("length").text(text));
  const std::size_t count = std::strtoul(length.c_str(), nullptr, 10);
  if (item.kind == Kind::unknown || count == 0 || count > kArrayMax) return {};
  return made(Kind::tuple, fmt::format("[{}]{}", length, item.name),
              std::vector<Type>(count, item));
}

Type GoTypes::callback(Node node, std::string_view text, const std::set<std::string>& parameters,
                       std::size_t depth) {
  const Node takes = node.field("parameters");
  if (takes.named_child_count() != 1) return {};
  const Node only = takes.named_child(0);
  const Type in = type_of(only.field("type"), text, parameters, depth + 1);
  const Type out = type_of(node.field("result"), text, parameters, depth + 1);
  std::vector<std::string> texts = callbacks(in.name, out.name);
  if (texts.empty()) return {};
  const std::string name = fmt::format("func({}) {}", in.name, out.name);
  used_choices_[name] = texts;
  return {.kind = Kind::expression, .of = {}, .name = name, .texts = std::move(texts)};
}

Type GoTypes::type_of(Node node, std::string_view text, const std::set<std::string>& parameters,
                      std::size_t depth) {
  if (!node || depth > kDepthMax) return {};
  const std::string_view kind = node.type();
  if (kind == "type_identifier") {
    const std::string name(node.text(text));
    return parameters.contains(name) ? made(Kind::integer, "int") : named(name, depth + 1);
  }
  if (kind == "qualified_type") return fundamental(std::string(node.text(text)));
  if (kind == "slice_type") return list(node, text, parameters, depth);
  if (kind == "array_type") return array(node, text, parameters, depth);
  if (kind == "function_type") return callback(node, text, parameters, depth);
  if (kind == "parenthesized_type")
    return type_of(node.named_child(0), text, parameters, depth + 1);
  if (kind == "interface_type" && node.named_child_count() == 0) {
    Type out = fundamental("any");
    out.name = "interface{}";
    return out;
  }
  if (kind == "map_type") {
    Type key = type_of(node.field("key"), text, parameters, depth + 1);
    Type value = type_of(node.field("value"), text, parameters, depth + 1);
    if (key.kind == Kind::unknown || value.kind == Kind::unknown) return {};
    std::string name = fmt::format("map[{}]{}", key.name, value.name);
    return made(Kind::map, std::move(name), {std::move(key), std::move(value)});
  }
  if (kind == "pointer_type") {
    Type of = type_of(node.named_child(0), text, parameters, depth + 1);
    if (of.kind != Kind::record) return {};
    std::string name = "*" + of.name;
    return made(Kind::optional, std::move(name), {std::move(of)});
  }
  return {};
}

}  // namespace leyden::qa
