#include "leyden/agents/qa/cpp/cpp_types.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/qa/cpp/cpp_callbacks.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kDepthMax = 8;

std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < text.size();) {
    if (std::isspace(static_cast<unsigned char>(text[i])) != 0) {
      ++i;
    } else if (is_word(text[i])) {
      const std::size_t begin = i;
      while (i < text.size() && is_word(text[i])) ++i;
      out.emplace_back(text.substr(begin, i - begin));
    } else if (text.substr(i, 2) == "::" || text.substr(i, 2) == "&&" ||
               text.substr(i, 2) == "[[" || text.substr(i, 2) == "]]") {
      out.emplace_back(text.substr(i, 2));
      i += 2;
    } else {
      out.emplace_back(1, text[i++]);
    }
  }
  return out;
}

const std::set<std::string, std::less<>>& specifiers() {
  static const std::set<std::string, std::less<>> all = {
      "volatile", "typename", "struct", "enum",   "class",    "inline",  "static",
      "virtual",  "explicit", "extern", "friend", "register", "mutable", "constexpr"};
  return all;
}

Type made(Type::Kind kind, std::string name, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = std::move(name)};
}

// Of one word or some: "unsigned", "long long int".
bool is_arithmetic_word(const std::string& word) {
  static const std::set<std::string, std::less<>> all = {
      "unsigned", "signed", "short", "long", "int", "char", "double", "float", "bool"};
  return all.contains(word);
}

std::string arithmetic_name(const std::set<std::string>& words, std::size_t longs) {
  const bool is_unsigned = words.contains("unsigned");
  if (words.contains("char"))
    return is_unsigned ? "unsigned char" : words.contains("signed") ? "signed char" : "char";
  if (words.contains("double")) return longs > 0 ? "long double" : "double";
  if (words.contains("float")) return "float";
  if (words.contains("bool")) return "bool";
  const std::string width = words.contains("short") ? "short"
                            : longs == 1            ? "long"
                            : longs > 1             ? "long long"
                                                    : "int";
  return (is_unsigned ? "unsigned " : "") + width;
}

Type fundamental(const std::string& name) {
  using Kind = Type::Kind;
  if (name == "bool") return made(Kind::boolean, name);
  if (name == "char") return made(Kind::bytes, name);
  if (name == "double" || name == "float" || name == "long double") return made(Kind::real, name);
  static const std::set<std::string, std::less<>> integers = {
      "int",       "unsigned int",       "short",         "unsigned short", "long", "unsigned long",
      "long long", "unsigned long long", "unsigned char", "signed char"};
  if (integers.contains(name)) return made(Kind::integer, name);
  std::string plain = name.starts_with("std::") ? name.substr(5) : name;
  static const std::set<std::string, std::less<>> named = {
      "size_t",   "ptrdiff_t", "int8_t",   "int16_t",  "int32_t",   "int64_t", "uint8_t",
      "uint16_t", "uint32_t",  "uint64_t", "intptr_t", "uintptr_t", "ssize_t"};
  if (named.contains(plain)) return made(Kind::integer, name);
  if (plain == "string" || plain == "string_view") return made(Kind::text, "std::" + plain);
  if (plain == "istream" || plain == "istringstream") return made(Kind::text, "std::istringstream");
  if (plain == "ostream" || plain == "ostringstream") {
    Type out = made(Kind::expression, "std::ostringstream");
    out.texts = {"std::ostringstream()"};
    return out;
  }
  return {};
}

bool is_foreign_name(const std::string& name) {
  return name.find("::") != std::string::npos && !name.starts_with("std::");
}

Type pointer_to(Type type, bool is_const) {
  if (type.name == "unsigned char") return {};
  if (type.name == "char")
    return made(Type::Kind::optional, is_const ? "const char*" : "char*",
                {made(Type::Kind::text, "const char*")});
  std::string name = (is_const ? "const " : "") + type.name + "*";
  return made(Type::Kind::optional, std::move(name), {std::move(type)});
}

// Takes a type apart, token by token.
class TypeReader {
 public:
  CppTypeText read(const std::vector<std::string>& tokens) {
    for (const std::string& token : tokens) {
      if (token == "[[") in_attribute_ = true;
      if (!in_attribute_ && depth_ > 0)
        take_argument(token);
      else if (!in_attribute_)
        take(token);
      if (token == "]]") in_attribute_ = false;
    }
    if (out_.name.empty() && !words_.empty()) out_.name = arithmetic_name(words_, longs_);
    if (out_.name.starts_with("::")) out_.name.erase(0, 2);
    return std::move(out_);
  }

 private:
  void take_argument(const std::string& token) {
    if (token == "<" || token == "(") ++depth_;
    if (token == ">" || token == ")") --depth_;
    if (depth_ == 0 || (depth_ == 1 && token == ",")) {
      out_.arguments.push_back(std::exchange(argument_, {}));
      return;
    }
    const bool apart = !argument_.empty() && is_word(argument_.back()) && is_word(token[0]);
    argument_ += (apart ? " " : "") + token;
  }

  void take(const std::string& token) {
    if (token == "<") {
      depth_ = 1;
    } else if (token == "const") {
      out_.is_const = true;
    } else if (token == "*") {
      ++out_.stars;
    } else if (token == "&") {
      out_.is_reference = true;
    } else if (token == "&&") {
      out_.is_moved = true;
    } else if (token == "(" || token == "[" || token == "...") {
      out_.is_function = true;
    } else if (is_arithmetic_word(token)) {
      longs_ += token == "long" ? 1 : 0;
      words_.insert(token);
    } else if (!specifiers().contains(token)) {
      out_.name += token;
    }
  }

  CppTypeText out_;
  std::set<std::string> words_;  // Of an arithmetic type.
  std::size_t longs_ = 0;
  std::size_t depth_ = 0;  // Of template arguments.
  std::string argument_;
  bool in_attribute_ = false;
};

}  // namespace

CppTypeText cpp_type_text(std::string_view text) { return TypeReader().read(tokens_of(text)); }

const Type* CppTypes::find(const std::string& full_name) const {
  const auto found = known_.find(full_name);
  return found == known_.end() ? nullptr : &found->second;
}

std::string CppTypes::resolved(const std::string& name, const std::string& scope) const {
  for (std::string around = scope;;) {
    std::string full = around.empty() ? name : fmt::format("{}::{}", around, name);
    if (known_.contains(full) || aliases_.contains(full)) return full;
    if (around.empty()) return {};
    const std::size_t cut = around.rfind("::");
    around.resize(cut == std::string::npos ? 0 : cut);
  }
}

Type CppTypes::type_of(std::string_view text, const std::string& scope, std::size_t depth) const {
  if (depth > kDepthMax) return {};
  const CppTypeText parts = cpp_type_text(text);
  if (parts.is_function && text.find("(*") != std::string_view::npos)
    return callback_of(text, std::string(trimmed(text)), scope, depth);
  if (parts.is_function || parts.stars > 1 || parts.name.empty()) return {};
  Type out;
  const std::string own = resolved(parts.name, scope);
  if (const auto alias = aliases_.find(own); alias != aliases_.end()) {
    out = type_of(alias->second.first, alias->second.second, depth + 1);
  } else if (const Type* known = find(own)) {
    // Class templates are known with int.
    for (const std::string& argument : parts.arguments) {
      if (type_of(argument, scope, depth + 1).name != "int") return {};
    }
    const auto stand_in = stand_ins_.find(own);
    const bool replaced = known->kind == Type::Kind::unknown && stand_in != stand_ins_.end() &&
                          (parts.stars == 0 || parts.is_const);
    out = replaced ? stand_in->second : *known;
  } else if (!parts.arguments.empty()) {
    out = template_of(parts, scope, depth);
  } else {
    out = fundamental(parts.name);
    if (out.kind == Type::Kind::unknown && depth == 0 && parts.stars == 0 &&
        is_foreign_name(parts.name))
      return made(Type::Kind::integer, parts.name);
  }
  return parts.stars == 0 || out.kind == Type::Kind::unknown
             ? out
             : pointer_to(std::move(out), parts.is_const);
}

Type CppTypes::callback_of(std::string_view signature, std::string name, const std::string& scope,
                           std::size_t depth) const {
  const CppSignature parts = cpp_signature(signature);
  std::vector<Type> parameters;
  parameters.reserve(parts.parameters.size());
  for (const std::string& one : parts.parameters)
    parameters.push_back(type_of(one, scope, depth + 1));
  Type out = made(Type::Kind::expression, std::move(name));
  out.texts = cpp_lambdas(parts, type_of(parts.result, scope, depth + 1), parameters);
  return out.texts.empty() ? Type{} : out;
}

Type CppTypes::template_of(const CppTypeText& text, const std::string& scope,
                           std::size_t depth) const {
  using Kind = Type::Kind;
  const std::string plain = text.name.starts_with("std::") ? text.name.substr(5) : text.name;
  if (plain == "array") {
    const std::size_t count =
        text.arguments.size() == 2 ? std::strtoul(text.arguments[1].c_str(), nullptr, 10) : 0;
    const Type item = type_of(text.arguments[0], scope, depth + 1);
    if (count == 0 || count > 64 || item.kind == Kind::unknown) return {};
    return made(Kind::tuple, "std::array<" + item.name + ", " + text.arguments[1] + ">",
                std::vector<Type>(count, item));
  }
  if (plain == "function" && text.arguments.size() == 1)
    return callback_of(text.arguments[0], "std::function<" + text.arguments[0] + ">", scope, depth);
  std::vector<Type> of;
  std::vector<std::string> names;
  for (const std::string& argument : text.arguments) {
    of.push_back(type_of(argument, scope, depth + 1));
    if (of.back().kind == Kind::unknown) return {};
    names.push_back(of.back().name);
  }
  const std::string name = "std::" + plain + "<" + joined(names, ", ") + ">";
  static const std::map<std::string, std::pair<Kind, std::size_t>, std::less<>> templates = {
      {"vector", {Kind::list, 1}},
      {"deque", {Kind::list, 1}},
      {"list", {Kind::list, 1}},
      {"forward_list", {Kind::list, 1}},
      {"set", {Kind::set, 1}},
      {"unordered_set", {Kind::set, 1}},
      {"multiset", {Kind::list, 1}},
      {"map", {Kind::map, 2}},
      {"unordered_map", {Kind::map, 2}},
      {"multimap", {Kind::map, 2}},
      {"optional", {Kind::optional, 1}},
      {"unique_ptr", {Kind::optional, 1}},
      {"shared_ptr", {Kind::optional, 1}},
      {"pair", {Kind::tuple, 2}}};
  if (plain == "tuple") return made(Kind::tuple, name, std::move(of));
  const auto known = templates.find(plain);
  if (known == templates.end() || known->second.second != of.size()) return {};
  return made(known->second.first, name, std::move(of));
}

bool is_cpp_foreign(const Type& type) {
  return type.kind == Type::Kind::integer && is_foreign_name(type.name);
}

bool is_cpp_chosen(const Type& type) {
  return type.kind == Type::Kind::expression && type.name.find_first_of("(*") != std::string::npos;
}

std::pair<std::int64_t, std::int64_t> cpp_integer_range(const std::string& name) {
  if (is_foreign_name(name)) return {0, 9999};
  const std::string plain = name.starts_with("std::") ? name.substr(5) : name;
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  static const std::map<std::string, std::pair<std::int64_t, std::int64_t>, std::less<>> ranges = {
      {"unsigned char", {0, 255}},       {"uint8_t", {0, 255}},
      {"signed char", {-128, 127}},      {"int8_t", {-128, 127}},
      {"short", {-32768, 32767}},        {"int16_t", {-32768, 32767}},
      {"unsigned short", {0, 65535}},    {"uint16_t", {0, 65535}},
      {"int", {INT32_MIN, INT32_MAX}},   {"int32_t", {INT32_MIN, INT32_MAX}},
      {"unsigned int", {0, UINT32_MAX}}, {"uint32_t", {0, UINT32_MAX}},
      {"unsigned long", {0, kMost}},     {"unsigned long long", {0, kMost}},
      {"uint64_t", {0, kMost}},          {"size_t", {0, kMost}},
      {"uintptr_t", {0, kMost}}};
  const auto found = ranges.find(plain);
  return found == ranges.end() ? std::pair(std::numeric_limits<std::int64_t>::min(), kMost)
                               : found->second;
}

}  // namespace leyden::qa
