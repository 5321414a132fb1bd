#include "leyden/agents/qa/go/go_types.h"

#include <algorithm>
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
  if (name == "time.Time")  // All of one zone: where tests run is not known.
    return {.kind = Kind::expression,
            .of = {},
            .name = name,
            .texts = {"time.Date(2024, 2, 29, 23, 59, 58, 0, time.UTC)",
                      "time.Date(2011, 4, 25, 0, 0, 0, 0, time.UTC)",
                      "time.Date(1969, 12, 31, 12, 30, 0, 500, time.UTC)", "time.Time{}"}};
  if (ranges().contains(name)) return made(Kind::integer, name);
  return {};
}

bool is_number(const std::string& type) { return ranges().contains(type) || type == "float64"; }

// What a callback of x, or of x and y of one type, returns.
std::vector<std::string> returned(const std::vector<std::string>& takes, const std::string& gives) {
  if (takes.empty()) {
    if (is_number(gives)) return {"7"};
    if (gives == "bool") return {"true"};
    if (gives == "string") return {"\"made\""};
    return {};
  }
  const bool number = is_number(takes[0]);
  if (takes.size() == 2 && takes[0] == takes[1] && (number || takes[0] == "string")) {
    if (gives == "bool") return {"x < y"};
    if (gives == takes[0]) return {number ? "x - 2*y" : "x + y"};
  }
  if (takes.size() != 1) return {};
  if (number && gives == "bool") return {"x > 1", "x < 0"};
  if (number && gives == takes[0]) return {"2*x + 1"};
  if (takes[0] == "string" && gives == "bool") return {"len(x) > 1", "x == \"\""};
  if (takes[0] == "string" && gives == "string") return {"x + \"!\""};
  if ((takes[0] == "string" || takes[0].starts_with("[]")) && gives == "int") return {"len(x)"};
  return {};
}

// Callbacks by what they take and give; an empty text: nothing.
std::vector<std::string> callbacks(const std::vector<std::string>& takes,
                                   const std::string& gives) {
  std::vector<std::string> named;
  for (std::size_t i = 0; i < takes.size(); ++i)
    named.push_back(fmt::format("{} {}", gives.empty() ? "_" : i == 0 ? "x" : "y", takes[i]));
  const std::string head = "func(" + joined(named, ", ") + ")";
  if (gives.empty()) return {head + " {}"};
  std::vector<std::string> out;
  for (const std::string& one : returned(takes, gives))
    out.push_back(fmt::format("{} {} {{ return {} }}", head, gives, one));
  return out;
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
  std::vector<std::string> takes;
  for (const Node one : node.field("parameters").named_children()) {
    if (one.type() != "parameter_declaration") return {};
    const Type of = type_of(one.field("type"), text, parameters, depth + 1);
    if (of.kind == Kind::unknown) return {};
    std::size_t names = 0;
    for (const Node child : one.named_children()) names += child.type() == "identifier" ? 1U : 0U;
    takes.insert(takes.end(), std::max<std::size_t>(names, 1), of.name);
  }
  const Node result = node.field("result");
  const Type gives = type_of(result, text, parameters, depth + 1);
  if (result && gives.kind == Kind::unknown) return {};
  std::vector<std::string> texts = callbacks(takes, gives.name);
  if (texts.empty()) return {};
  const std::string name =
      fmt::format("func({}){}{}", joined(takes, ", "), result ? " " : "", gives.name);
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
  if (kind == "qualified_type") return named(std::string(node.text(text)), depth);
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
