#include "leyden/agents/qa/javascript/javascript_types.h"

#include <set>
#include <utility>
#include <vector>

#include "leyden/agents/qa/javascript/javascript_literals.h"

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

Type type_of(Kind kind, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = {}};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \n\t\r").find(text.front()) != std::string_view::npos)
    text.remove_prefix(1);
  while (!text.empty() && std::string_view(" \n\t\r").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  return text;
}

// The parts of a list that stand outside brackets and quotes.
std::vector<std::string_view> split_outside(std::string_view text, std::string_view at) {
  std::vector<std::string_view> out;
  std::size_t depth = 0;
  std::size_t begin = 0;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '[' || c == '(' || c == '{' || c == '<') {
      ++depth;
    } else if (c == ']' || c == ')' || c == '}' || (c == '>' && (i == 0 || text[i - 1] != '='))) {
      depth -= depth > 0 ? 1 : 0;
    } else if (depth == 0 && at.find(c) != std::string_view::npos) {
      out.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  out.push_back(trimmed(text.substr(begin)));
  return out;
}

// Whether one pair of brackets holds all of it.
bool is_enclosed(std::string_view text, char open, char close) {
  if (text.size() < 2 || text.front() != open || text.back() != close) return false;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == open) ++depth;
    if (text[i] == close && --depth == 0) return i + 1 == text.size();
  }
  return false;
}

std::size_t arrow_outside(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[' || c == '{' || c == '<') ++depth;
    if ((c == ')' || c == ']' || c == '}' || c == '>') && depth > 0) --depth;
    if (depth == 0 && c == '=' && text[i + 1] == '>') return i;
  }
  return std::string_view::npos;
}

Type record_type(std::string_view inside, const JavascriptNames& names, std::size_t depth) {
  Type out = type_of(Kind::record);
  for (const std::string_view part : split_outside(inside, ",;\n")) {
    if (part.empty()) continue;
    if (part.front() == '[') {  // An index: a plain object as a map.
      const std::size_t colon = part.find("]:");
      if (colon == std::string_view::npos) return {};
      return type_of(Kind::map, {type_of(Kind::text),
                                 javascript_type(part.substr(colon + 2), names, depth + 1)});
    }
    const std::vector<std::string_view> sides = split_outside(part, ":");
    if (sides.size() < 2) continue;
    std::string_view name = sides[0];
    if (name.starts_with("readonly ")) name = trimmed(name.substr(9));
    const bool optional = name.ends_with('?');
    if (optional) name = trimmed(name.substr(0, name.size() - 1));
    if (name.size() > 1 && (name.front() == '"' || name.front() == '\''))
      name = name.substr(1, name.size() - 2);
    Type of = javascript_type(part.substr(part.find(':') + 1), names, depth + 1);
    out.texts.emplace_back(name);
    out.of.push_back(optional ? type_of(Kind::optional, {std::move(of)}) : std::move(of));
  }
  return out;
}

Type union_type(const std::vector<std::string_view>& parts, const JavascriptNames& names,
                std::size_t depth) {
  Type out = type_of(Kind::any_of);
  Type constants = type_of(Kind::expression);
  bool may_be_none = false;
  for (const std::string_view part : parts) {
    if (part.empty()) continue;
    Type one = javascript_type(part, names, depth + 1);
    if (one.kind == Kind::none) {
      may_be_none = true;
    } else if (one.kind == Kind::expression) {
      constants.texts.insert(constants.texts.end(), one.texts.begin(), one.texts.end());
    } else {
      out.of.push_back(std::move(one));
    }
  }
  if (!constants.texts.empty()) out.of.push_back(std::move(constants));
  if (out.of.size() == 1) {
    Type only = std::move(out.of[0]);
    out = std::move(only);
  }
  return may_be_none ? type_of(Kind::optional, {std::move(out)}) : out;
}

// `typeof NAMES`, where the constant is known.
const JavascriptNames::Constant* constant_of(std::string_view text, const JavascriptNames& names) {
  while (is_enclosed(text, '(', ')')) text = trimmed(text.substr(1, text.size() - 2));
  if (!text.starts_with("typeof ")) return nullptr;
  const auto known = names.constants.find(trimmed(text.substr(7)));
  return known == names.constants.end() ? nullptr : &known->second;
}

Type one_of(std::vector<std::string> texts) {
  if (texts.empty()) return {};
  Type out = type_of(Kind::expression);
  out.texts = std::move(texts);
  return out;
}

// keyof
Type key_type(std::string_view of, const JavascriptNames& names, std::size_t depth) {
  if (const auto* constant = constant_of(of, names)) return one_of(constant->keys);
  std::vector<std::string> keys;
  for (const std::string& field : javascript_type(of, names, depth + 1).texts)
    keys.push_back("\"" + field + "\"");
  return one_of(std::move(keys));
}

// `Pair[0]`, `Item["name"]`, `(typeof NAMES)[number]`.
Type indexed_type(std::string_view text, const JavascriptNames& names, std::size_t depth) {
  std::size_t open = text.size() - 1;
  for (std::size_t inner = 1; inner > 0 && open > 0;) {
    --open;
    inner += text[open] == ']' ? 1 : 0;
    inner -= text[open] == '[' ? 1 : 0;
  }
  const std::string_view of = trimmed(text.substr(0, open));
  const std::string_view index = trimmed(text.substr(open + 1, text.size() - open - 2));
  if (const auto* constant = constant_of(of, names)) return one_of(constant->values);
  const Type whole = javascript_type(of, names, depth + 1);
  if (whole.kind == Kind::tuple && !index.empty() && index[0] >= '0' && index[0] <= '9' &&
      static_cast<std::size_t>(index[0] - '0') < whole.of.size())
    return whole.of[static_cast<std::size_t>(index[0] - '0')];
  for (std::size_t i = 0; whole.kind == Kind::record && i < whole.texts.size(); ++i) {
    if (index.size() > 2 && index.substr(1, index.size() - 2) == whole.texts[i]) return whole.of[i];
  }
  if (whole.kind == Kind::map) return whole.of.back();
  return whole.of.size() > 1 ? type_of(Kind::any_of, whole.of)
         : whole.of.empty()  ? Type{}
                             : Type(whole.of.front());
}

// `A & B`: an object with the fields of both.
Type intersection_type(const std::vector<std::string_view>& parts, const JavascriptNames& names,
                       std::size_t depth) {
  Type out;
  for (const std::string_view part : parts) {
    Type one = javascript_type(part, names, depth + 1);
    if (out.kind == Kind::unknown) {
      out = std::move(one);
    } else if (out.kind == Kind::record && one.kind == Kind::record) {
      out.of.insert(out.of.end(), one.of.begin(), one.of.end());
      out.texts.insert(out.texts.end(), one.texts.begin(), one.texts.end());
    }
  }
  return out;
}

Type with_whole_numbers(Type type) {
  if (type == javascript_number(true)) return javascript_number(false);
  for (Type& of : type.of) of = with_whole_numbers(std::move(of));
  return type;
}

}  // namespace

Type javascript_number(bool may_be_broken) {
  return may_be_broken ? type_of(Kind::any_of, {type_of(Kind::integer), type_of(Kind::real)})
                       : type_of(Kind::integer);
}

Type javascript_mostly_whole(Type type) {
  const auto holds_more = [](const Type& one) {
    return one.kind == Kind::list || one.kind == Kind::tuple || one.kind == Kind::map ||
           one.kind == Kind::record;
  };
  if (!holds_more(type)) return type;
  Type whole = with_whole_numbers(type);
  return whole == type ? type : type_of(Kind::any_of, {whole, whole, std::move(type)});
}

Type javascript_callback(std::size_t parameters, std::string_view result) {
  static constexpr const char* kThrows = "() => { throw new Error(\"a\"); }";
  Type out = type_of(Kind::expression);
  if (result == "boolean") {
    out.texts = {"(x) => x > 1", "() => true", "() => false", "(x) => x === \"a\""};
  } else if (parameters >= 2) {
    out.texts = {"(a, b) => a - b", "(a, b) => a + b", "(a, b) => b", "(a) => a",
                 "(a, b) => (a < b ? -1 : a > b ? 1 : 0)"};
  } else if (parameters == 0) {
    out.texts = {"() => 1", "() => \"a\"", "() => undefined", kThrows};
  } else if (result == "string") {
    out.texts = {"(x) => String(x)", "() => \"a\"", "(x) => typeof x", kThrows};
  } else {
    out.texts = {"(x) => x", "(x) => x + x", "(x) => x > 1", "() => true", "() => 0", kThrows};
  }
  return out;
}

// leyden:ignore common.complex-function to be taken apart, as the Python side was
Type javascript_type(std::string_view text, const JavascriptNames& names, std::size_t depth) {
  text = trimmed(text);
  if (depth > 8 || text.empty()) return {};
  if (text.starts_with("...")) text.remove_prefix(3);
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.front() == '|') text = trimmed(text.substr(1));
  if (text.starts_with('?') && text.size() > 1)
    return type_of(Kind::optional, {javascript_type(text.substr(1), names, depth + 1)});
  if (text.starts_with('!')) text.remove_prefix(1);
  if (const std::size_t arrow = arrow_outside(text);
      arrow != std::string_view::npos && text.starts_with('(')) {
    const std::string_view parameters = trimmed(text.substr(0, arrow));
    const bool none = trimmed(parameters.substr(1, parameters.size() - 2)).empty();
    return javascript_callback(
        none ? 0 : split_outside(parameters.substr(1, parameters.size() - 2), ",").size(),
        trimmed(text.substr(arrow + 2)));
  }
  if (const auto parts = split_outside(text, "|"); parts.size() > 1)
    return union_type(parts, names, depth);
  if (const auto parts = split_outside(text, "&"); parts.size() > 1)
    return intersection_type(parts, names, depth);
  if (text.starts_with("readonly ")) return javascript_type(text.substr(9), names, depth + 1);
  if (text.starts_with("keyof ")) return key_type(text.substr(6), names, depth);
  if (text.ends_with("[]"))
    return type_of(Kind::list,
                   {javascript_type(text.substr(0, text.size() - 2), names, depth + 1)});
  if (is_enclosed(text, '(', ')'))
    return javascript_type(text.substr(1, text.size() - 2), names, depth + 1);
  if (is_enclosed(text, '{', '}'))
    return record_type(text.substr(1, text.size() - 2), names, depth);
  if (is_enclosed(text, '[', ']')) {
    Type out = type_of(Kind::tuple);
    for (std::string_view part : split_outside(text.substr(1, text.size() - 2), ",")) {
      if (const auto named = split_outside(part, ":"); named.size() == 2) part = named[1];
      if (!part.empty()) out.of.push_back(javascript_type(part, names, depth + 1));
    }
    return out;
  }
  if (text.back() == ']') return indexed_type(text, names, depth);
  if (text.front() == '"' || text.front() == '\'' || (text.front() >= '0' && text.front() <= '9') ||
      (text.front() == '-' && text.size() > 1)) {
    return one_of({javascript_double_quoted(text)});
  }
  std::string_view name = text;
  std::vector<std::string_view> inner;
  if (const std::size_t bracket = text.find('<');
      bracket != std::string_view::npos && text.back() == '>') {
    name = trimmed(text.substr(0, bracket));
    if (name.ends_with('.')) name.remove_suffix(1);  // JSDoc's Array.<T>.
    inner = split_outside(text.substr(bracket + 1, text.size() - bracket - 2), ",");
  }
  const auto argument = [&](std::size_t i) {
    return i < inner.size() ? javascript_type(inner[i], names, depth + 1) : Type{};
  };
  if (names.classes.contains(name))
    return {.kind = Kind::object, .of = {}, .name = std::string(name)};
  if (const auto known = names.enumerations.find(name); known != names.enumerations.end())
    return one_of(known->second);
  if (const auto known = names.types.find(name); known != names.types.end())
    return javascript_type(known->second, names, depth + 1);
  static const std::map<std::string_view, Kind> kPlain = {
      {"boolean", Kind::boolean}, {"Boolean", Kind::boolean}, {"bool", Kind::boolean},
      {"string", Kind::text},     {"String", Kind::text},     {"null", Kind::none},
      {"undefined", Kind::none},  {"void", Kind::none},       {"integer", Kind::integer},
      {"int", Kind::integer},     {"float", Kind::real}};
  if (const auto plain = kPlain.find(name); plain != kPlain.end()) return type_of(plain->second);
  if (name == "number" || name == "Number") return javascript_number(true);
  if (name == "Array" || name == "ReadonlyArray" || name == "Iterable" || name == "ArrayLike")
    return type_of(Kind::list, {argument(0)});
  if (name == "Set" || name == "ReadonlySet") return type_of(Kind::set, {argument(0)});
  if (name == "Map" || name == "ReadonlyMap")
    return {.kind = Kind::map, .of = {argument(0), argument(1)}, .name = "Map"};
  if (name == "Record" || (name == "Object" && inner.size() == 2)) {
    Type key = argument(0);
    return type_of(Kind::map, {key.kind == Kind::unknown ? type_of(Kind::text) : key, argument(1)});
  }
  if (name == "Partial" || name == "Readonly" || name == "Required" || name == "NonNullable" ||
      name == "Pick" || name == "Omit")
    return argument(0);
  if (name == "Function" || name == "function") return javascript_callback(1);
  Type constants = type_of(Kind::expression);
  if (name == "Date") {
    constants.texts = {"new Date(\"2024-02-29T12:30:45Z\")", "new Date(0)",
                       "new Date(\"1999-12-31T23:59:59Z\")", "new Date(\"2023-07-01T00:00:00Z\")"};
  } else if (name == "RegExp") {
    constants.texts = {"/a+/", "/[0-9]/g", "/^$/"};
  } else if (name == "bigint") {
    constants.texts = {"0n", "1n", "-1n", "7n", "10n", "123456789012345678901n"};
  } else if (name == "symbol") {
    constants.texts = {"Symbol.iterator"};
  } else if (name == "Uint8Array" || name == "Buffer") {
    constants.texts = {"new Uint8Array([])", "new Uint8Array([0, 1, 255])", "new Uint8Array([65])"};
    if (name == "Buffer") constants.texts = {"Buffer.from(\"\")", "Buffer.from(\"a1\")"};
  } else {
    return {};
  }
  return constants;
}

}  // namespace leyden::qa
