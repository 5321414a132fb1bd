#include "leyden/agents/qa/cpp/cpp_callbacks.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"
#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

bool is_type_word(std::string_view word) {
  static constexpr std::array all = {"const", "volatile", "struct", "enum",  "unsigned",
                                     "int",   "char",     "long",   "short", "signed",
                                     "float", "double",   "bool",   "void",  "class"};
  return std::ranges::find(all, word) != all.end();
}

// "const Item&" of "const Item& one".
std::string without_name(std::string_view text) {
  std::string whole(trimmed(text));
  std::size_t begin = whole.size();
  while (begin > 0 && is_word(whole[begin - 1])) --begin;
  std::string before(trimmed(std::string_view(whole).substr(0, begin)));
  if (begin == whole.size() || before.empty() || before.ends_with("::") ||
      is_type_word(std::string_view(whole).substr(begin)))
    return whole;
  // What stands before it has to be a type already.
  std::string word;
  bool any = false;
  for (const char c : before + " ") {
    if (is_word(c)) {
      word += c;
    } else {
      any = any || (!word.empty() && word != "const" && word != "struct" && word != "enum" &&
                    word != "volatile");
      word.clear();
    }
  }
  return any ? before : whole;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  std::size_t depth = 0;
  std::string one;
  for (const char c : text) {
    if (c == '<' || c == '(') ++depth;
    if (c == '>' || c == ')') --depth;
    if (c == ',' && depth == 0) {
      out.push_back(without_name(std::exchange(one, {})));
    } else {
      one += c;
    }
  }
  out.push_back(without_name(one));
  if (out.size() == 1 && (out[0].empty() || out[0] == "void")) out.clear();
  return out;
}

std::string name_of(std::size_t i) { return std::string(1, static_cast<char>('a' + i)); }

bool is_number(const Type& type) { return type.kind == Kind::integer || type.kind == Kind::real; }

class Writer {
 public:
  Writer(const CppSignature& signature, const Type& result, const std::vector<Type>& parameters)
      : signature_(signature), result_(result), parameters_(parameters) {}

  std::vector<std::string> write() const {
    std::vector<std::string> out;
    for (const std::string& body : bodies()) out.push_back(lambda(body));
    return out;
  }

 private:
  [[nodiscard]] std::vector<std::string> bodies() const {
    if (signature_.result == "void") return {printed()};
    const Type first = parameters_.empty() ? Type{} : parameters_[0];
    const bool two = parameters_.size() > 1 && parameters_[1] == first;
    switch (result_.kind) {
      case Kind::boolean:
        if (two && is_number(first)) return {"return a < b;", "return a == b;"};
        if (first.kind == Kind::integer) return {"return a > 1;", "return a % 2 == 0;"};
        if (first.kind == Kind::real) return {"return a > 1;"};
        return {"return true;", "return false;"};
      case Kind::integer:
      case Kind::real:
        if (two && is_number(first)) return {"return a + b;", "return a - b;"};
        if (is_number(first)) return {"return a + 1;", "return a * 2;"};
        return {"return 1;", "return 0;"};
      case Kind::text:
        if (result_.name != "std::string") return {};
        if (first.name == "std::string") return {"return a + \"!\";"};
        return {"return \"a\";"};
      default:
        return {};
    }
  }

  // What a callback is given shows where it is printed.
  [[nodiscard]] std::string printed() const {
    std::string out;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const Type& type = parameters_[i];
      const bool is_bytes = signature_.parameters[i].find('*') != std::string::npos &&
                            (signature_.parameters[i].find("void") != std::string::npos ||
                             signature_.parameters[i].find("char") != std::string::npos) &&
                            i + 1 < parameters_.size() && parameters_[i + 1].kind == Kind::integer;
      if (is_bytes) {
        out += fmt::format(" << std::string(static_cast<const char*>({}), {})", name_of(i),
                           name_of(i + 1));
        ++i;
      } else if (is_number(type) || type.kind == Kind::boolean || type.kind == Kind::text ||
                 type.kind == Kind::bytes) {
        out += " << " + name_of(i);
      } else {
        continue;
      }
      out += " << ' '";
    }
    return out.empty() ? out : "std::cout" + out + ";";
  }

  [[nodiscard]] std::string lambda(const std::string& body) const {
    std::vector<std::string> parameters;
    for (std::size_t i = 0; i < signature_.parameters.size(); ++i) {
      const std::string name = name_of(i);
      const bool used = uses(body, name);
      parameters.push_back(signature_.parameters[i] + (used ? " " + name : std::string()));
    }
    // A number of the type that is to be given.
    const bool converts = is_number(result_);
    return fmt::format("[]({}){} {{{}}}", joined(parameters, ", "),
                       converts ? " -> " + signature_.result : std::string(),
                       body.empty() ? body : " " + body + " ");
  }

  static bool uses(const std::string& body, const std::string& name) {
    for (std::size_t at = body.find(name); at != std::string::npos; at = body.find(name, at + 1)) {
      const bool begins = at == 0 || (!is_word(body[at - 1]) && body[at - 1] != '"');
      const bool ends = at + 1 == body.size() || !is_word(body[at + 1]);
      if (begins && ends) return true;
    }
    return false;
  }

  const CppSignature& signature_;
  const Type& result_;
  const std::vector<Type>& parameters_;
};

}  // namespace

CppSignature cpp_signature(std::string_view text) {
  const std::size_t end = text.rfind(')');
  std::size_t open = text.find('(');
  std::string_view result = text.substr(0, std::min(open, text.size()));
  if (open != std::string_view::npos && text.substr(open, 2) == "(*") {
    const std::size_t close = text.find(')', open);
    open = close == std::string_view::npos ? close : text.find('(', close);
  }
  if (open == std::string_view::npos || end == std::string_view::npos || end < open) return {};
  return {.result = std::string(trimmed(result)),
          .parameters = split(text.substr(open + 1, end - open - 1))};
}

std::vector<std::string> cpp_lambdas(const CppSignature& signature, const Type& result,
                                     const std::vector<Type>& parameters) {
  constexpr std::size_t kParametersMax = 8;
  if (parameters.size() > kParametersMax) return {};
  return Writer(signature, result, parameters).write();
}

}  // namespace leyden::qa
