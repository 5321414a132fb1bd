#include "leyden/agents/qa/go/go_types.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/go/go_callbacks.h"
#include "leyden/agents/qa/go/go_channels.h"
#include "leyden/agents/qa/go/go_library.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;

constexpr std::size_t kDepthMax = 8;
constexpr std::size_t kArrayMax = 64;
constexpr std::size_t kErrorsMax = 4;           // Of a package's own.
constexpr std::size_t kImplementationsMax = 6;  // Of an interface.
constexpr std::size_t kLevels = 2;              // Of an interface within itself.

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
  if (ranges().contains(name)) return made(Kind::integer, name);
  if (!go_made_of_text(name).empty()) return made(Kind::text, name);
  if (const auto& values = go_library_values(name); !values.empty())
    return {.kind = Kind::expression, .of = {}, .name = name, .texts = values};
  return {};
}

}  // namespace

bool is_go_integer(const std::string& type) { return ranges().contains(type); }

Type go_sending_channel(const std::string& element) {
  return {.kind = Kind::expression,
          .of = {},
          .name = "chan<- " + element,
          .texts = {fmt::format("make(chan {}, {})", element, kGoChannelRoom)}};
}

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
    return choice(name, std::move(texts));
  }
  const auto found = declared_.find(name);
  if (found == declared_.end()) return of_library(name);
  const GoDeclaredType& declared = found->second;
  if (declared.is_generic) return {};
  if (declared.type.type() == "interface_type" && declared.type.named_child_count() > 0)
    return plain_ ? Type{} : interface(name, declared, depth);
  if (open_.contains(name)) return {};
  if (declared.type.type() == "struct_type") return structure(name, declared, depth);
  open_.insert(name);
  Type out = type_of(declared.type, declared.text, {}, depth + 1);
  open_.erase(name);
  if (declared.type.type() == "function_type" && out.kind == Kind::expression)
    return choice(name, std::move(out.texts));
  // Its integers have the range of what it is made of.
  if (out.kind == Kind::expression || out.kind == Kind::unknown) return {};
  if (out.kind == Kind::integer) integers_[name] = out.name;
  if (out.kind != Kind::optional) out.name = name;
  return out;
}

bool GoTypes::is_interface(const std::string& name) const {
  const auto found = declared_.find(name);
  return found != declared_.end() && found->second.type.type() == "interface_type";
}

bool GoTypes::wants(const std::string& interface, const std::string& method) {
  if (!is_interface(interface)) return false;
  const auto methods = methods_of(declared_.find(interface)->second, 0);
  return methods &&
         std::ranges::any_of(*methods, [&](const GoMethod& one) { return one.name == method; });
}

// The longest list of a type's expressions counts: shorter ones, of types within themselves, begin like it.
Type GoTypes::choice(const std::string& name, std::vector<std::string> texts) {
  std::vector<std::string>& used = used_choices_[name];
  if (used.size() < texts.size()) used = texts;
  return {.kind = Kind::expression, .of = {}, .name = name, .texts = std::move(texts)};
}

Type GoTypes::of_library(const std::string& name) {
  Type out = fundamental(name);
  if (plain_ && name != "error" && name.find('.') != std::string::npos) return {};
  if (out.kind == Kind::text && !go_made_of_text(name).empty()) used_texts_.insert(name);
  if (out.kind != Kind::expression) return out;
  if (name == "error") {
    const std::vector<std::string> own = own_errors();
    out.texts.insert(out.texts.end(), own.begin(), own.end());
  }
  return choice(name, std::move(out.texts));
}

// The package's errors: its variables, and its types with a method Error.
std::vector<std::string> GoTypes::own_errors() {
  if (own_errors_) return *own_errors_;
  own_errors_ = errors_;  // An error within one is one of these.
  std::vector<std::string> out = errors_;
  const std::set<std::string> outside = std::exchange(open_, {});
  for (const auto& [name, methods] : methods_) {
    const auto found = methods.find("Error");
    const auto declared = declared_.find(name);
    if (found == methods.end() || declared == declared_.end() ||
        declared->second.type.type() != "struct_type")
      continue;
    std::size_t number = 1;
    const std::string sample = go_sample(named(name), number);
    if (!sample.empty()) out.push_back((found->second ? "&" : "") + sample);
  }
  open_ = outside;
  if (out.size() > kErrorsMax) out.resize(kErrorsMax);
  own_errors_ = out;
  return out;
}

// The methods that an interface wants, with those of interfaces that it embeds; nothing: one is not known.
std::optional<std::vector<GoMethod>> GoTypes::methods_of(const GoDeclaredType& declared,
                                                         std::size_t depth) {
  std::vector<GoMethod> out;
  if (depth > kDepthMax) return std::nullopt;
  for (const Node one : declared.type.named_children()) {
    if (one.type() == "comment") continue;
    if (one.type() == "method_elem") {
      out.push_back({.name = std::string(one.field("name").text(declared.text)),
                     .takes = parts_of(one.field("parameters"), declared.text, depth),
                     .gives = parts_of(one.field("result"), declared.text, depth),
                     .head = {},
                     .body = {}});
      continue;
    }
    if (one.type() != "type_elem" || one.named_child_count() != 1) return std::nullopt;
    const std::string embedded(one.text(declared.text));
    const auto found = declared_.find(embedded);
    if (found != declared_.end() && found->second.type.type() == "interface_type") {
      auto inner = methods_of(found->second, depth + 1);
      if (!inner) return inner;
      out.insert(out.end(), inner->begin(), inner->end());
      continue;
    }
    const auto& known = go_library_methods(embedded);
    if (known.empty()) return std::nullopt;
    for (const GoLibraryMethod& method : known)
      out.push_back({.name = method.name,
                     .takes = {},
                     .gives = {},
                     .head = method.head,
                     .body = method.body});
  }
  return out;
}

// A list of parameters or results, or the one type of a result.
std::vector<GoPart> GoTypes::parts_of(Node node, std::string_view text, std::size_t depth) {
  std::vector<GoPart> out;
  if (!node) return out;
  if (node.type() != "parameter_list")
    return {{.text = std::string(node.text(text)), .type = type_of(node, text, {}, depth + 1)}};
  for (const Node one : node.named_children()) {
    const bool rest = one.type() == "variadic_parameter_declaration";
    if (!rest && one.type() != "parameter_declaration") continue;
    const Node type = one.field("type");
    GoPart part{.text = (rest ? "..." : "") + std::string(type.text(text)), .type = {}};
    if (!rest) part.type = type_of(type, text, {}, depth + 1);
    std::size_t names = 0;
    for (const Node child : one.named_children()) names += child.type() == "identifier" ? 1U : 0U;
    out.insert(out.end(), std::max<std::size_t>(names, 1), part);
  }
  return out;
}

// The structures of the package that have its methods, then a type of the tests, or nil. Within itself it is the same choice: what is being read there has no
// fields.
Type GoTypes::interface(const std::string& name, const GoDeclaredType& declared,
                        std::size_t depth) {
  const std::size_t level = interfaces_open_.count(name);
  const auto inside = interfaces_open_.insert(name);
  Type out{.kind = Kind::any_of, .of = {}, .name = name};
  std::vector<std::string> texts = {"nil"};
  if (level < kLevels) {
    const auto methods = methods_of(declared, depth);
    if (methods && !implementations_.contains(name)) note_implementations(name, *methods);
    if (methods) texts.insert(texts.end(), stand_ins_[name].begin(), stand_ins_[name].end());
  }
  if (const auto known = implementations_.find(name); known != implementations_.end()) {
    for (const std::string& type : known->second) {
      const std::string plain = type.substr(type.starts_with('*') ? 1 : 0);
      Type made = level < kLevels ? named(plain, depth + 1) : Type{};
      if (made.kind != Kind::record) made = {.kind = Kind::record, .of = {}, .name = plain};
      made.name = type;
      out.of.push_back(std::move(made));
    }
  }
  interfaces_open_.erase(inside);
  if (!implementations_.contains(name)) return {};
  Type choices = choice(name, std::move(texts));
  if (out.of.empty()) return choices;
  out.of.push_back(std::move(choices));
  return out;
}

void GoTypes::note_implementations(const std::string& name, const std::vector<GoMethod>& methods) {
  std::vector<std::string>& out = implementations_[name];
  for (const auto& [type, own] : methods_) {
    const auto declared = declared_.find(type);
    const auto has = [&](const GoMethod& one) { return own.contains(one.name); };
    if (out.size() == kImplementationsMax || declared == declared_.end() ||
        declared->second.is_generic || declared->second.type.type() != "struct_type" ||
        !std::ranges::all_of(methods, has))
      continue;
    const bool points =
        std::ranges::any_of(methods, [&](const GoMethod& one) { return own.at(one.name); });
    out.push_back((points ? "*" : "") + type);
  }
  std::vector<std::string> errors = of_library("error").texts;
  errors.erase(errors.begin());  // nil
  GoStandIn made = go_stand_in(name, methods, errors, taken_);
  helpers_[made.name] = std::move(made.text);
  stand_ins_[name] = std::move(made.values);
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

// One that is received from: what it gives. One that is sent to has room for what comes.
Type GoTypes::channel(Node node, std::string_view text, const std::set<std::string>& parameters,
                      std::size_t depth) {
  const Type item = type_of(node.field("value"), text, parameters, depth + 1);
  if (plain_ || item.kind == Kind::unknown) return {};
  const std::string spelled(node.text(text));
  const bool sends = spelled.starts_with("chan<-");
  const GoChannel helpers = go_channel(item.name);
  helpers_[helpers.filled] = helpers.filled_text;
  helpers_[helpers.drained] = helpers.drained_text;
  if (sends) return go_sending_channel(item.name);
  return made(Kind::list, (spelled.starts_with("<-") ? "<-chan " : "chan ") + item.name, {item});
}

Type GoTypes::callback(Node node, std::string_view text, const std::set<std::string>& parameters,
                       std::size_t depth) {
  std::vector<std::string> takes;
  for (const GoPart& one : parts_of(node.field("parameters"), text, depth)) {
    if (one.text.starts_with("...")) return {};
    takes.push_back(parameters.contains(one.text) ? "int" : one.text);
  }
  std::vector<GoGiven> gives;
  for (const GoPart& one : parts_of(node.field("result"), text, depth)) {
    GoGiven given{.type = parameters.contains(one.text) ? "int" : one.text, .texts = {}};
    const bool is_interface = one.type.kind == Kind::any_of && one.type.name == one.text;
    const Type& choices = is_interface ? one.type.of.back() : one.type;
    if (choices.kind == Kind::expression) given.texts = choices.texts;
    // An interface that is there comes first.
    if (one.text != "error" && given.texts.size() > 1 && given.texts.front() == "nil")
      given.texts.erase(given.texts.begin());
    std::size_t number = 1;
    if (given.texts.empty() && one.type.kind == Kind::record)
      given.texts = {go_sample(one.type, number)};
    gives.push_back(std::move(given));
  }
  std::vector<std::string> texts = go_callbacks(takes, gives);
  if (texts.empty()) return {};
  // Without the names of what it takes and without its body: the type.
  std::vector<std::string> types;
  types.reserve(gives.size());
  for (const GoGiven& one : gives) types.push_back(one.type);
  const std::string results = joined(types, ", ");
  const std::string name =
      fmt::format("func({}){}", joined(takes, ", "),
                  types.size() > 1 ? " (" + results + ")" : (types.empty() ? "" : " ") + results);
  return choice(name, std::move(texts));
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
  if (kind == "channel_type") return channel(node, text, parameters, depth);
  if (kind == "map_type") {
    Type key = type_of(node.field("key"), text, parameters, depth + 1);
    Type value = type_of(node.field("value"), text, parameters, depth + 1);
    if (key.kind == Kind::unknown || value.kind == Kind::unknown) return {};
    std::string name = fmt::format("map[{}]{}", key.name, value.name);
    return made(Kind::map, std::move(name), {std::move(key), std::move(value)});
  }
  if (kind == "pointer_type") {
    if (const Type known = of_library(std::string(node.text(text))); known.kind != Kind::unknown)
      return known;
    Type of = type_of(node.named_child(0), text, parameters, depth + 1);
    if (of.kind != Kind::record) return {};
    std::string name = "*" + of.name;
    return made(Kind::optional, std::move(name), {std::move(of)});
  }
  return {};
}

}  // namespace leyden::qa
