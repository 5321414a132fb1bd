#include "leyden/agents/qa/cpp/cpp_arguments.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> out;
  bool begins = true;
  for (const char c : name) {
    const auto code = static_cast<unsigned char>(c);
    if (std::isalpha(code) == 0) {
      begins = true;
      continue;
    }
    if (begins || std::isupper(code) != 0) out.emplace_back();
    begins = false;
    out.back() += static_cast<char>(std::tolower(code));
  }
  return out;
}

bool is_length_name(const std::string& name) {
  return name == "n" || name == "sz" ||
         has_word(name, {"len", "length", "size", "count", "num", "cnt", "capacity", "cap", "nmemb",
                         "elements", "bytes", "total", "n"});
}
bool is_many_name(const std::string& name) {
  return has_word(name, {"arr", "array", "buf", "buffer", "values", "items", "data", "list", "nums",
                         "numbers", "elements", "vec", "src", "dst", "matrix"});
}

// Of a parameter that says how much stands at the pointer before it.
std::string length_type(const CppTypes& types, const CppParameter& one) {
  const Type type = types.type_of(one.type, {});
  return type.kind == Kind::integer && is_length_name(one.name) ? type.name : std::string();
}

}  // namespace

bool has_word(const std::string& name, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words_of(name), [&](const std::string& word) {
    return std::ranges::find(words, word) != words.end();
  });
}

bool is_maker_name(const std::string& name) {
  return has_word(name, {"new", "create", "make", "init", "alloc", "open", "build", "from", "parse",
                         "load", "compile", "decode"});
}

std::string with_stars(std::string type) {
  const std::size_t open = type.find('[');
  if (open == std::string::npos) return type;
  if (type.find('[', open + 1) != std::string::npos) return "...";
  return type.substr(0, open) + "*";
}

void take_pointer(const CppTypes& types, const CppParameter& one, const CppTypeText& text,
                  const Type& item, const CppParameter* next, CppArgument& out) {
  Type& type = out.parameter.type;
  const std::string length = next == nullptr ? std::string() : length_type(types, *next);
  // Bytes.
  const bool is_any = text.name == "void" && !length.empty();
  if (!is_any && (item.kind == Kind::unknown || item.kind == Kind::optional)) return;
  if (!length.empty()) {
    const bool is_text = is_any || (item.name == "char" && text.is_const);
    type = is_text ? Type{.kind = Kind::text, .of = {}, .name = "std::string"}
                   : Type{.kind = Kind::list,
                          .of = {item},
                          .name = fmt::format("std::vector<{}>", item.name)};
    out.passing = text.is_const ? CppPassing::const_array : CppPassing::array;
    out.length = length;
  } else if (item.name == "char") {
    type = {.kind = Kind::text, .of = {}, .name = text.is_const ? "const char*" : "char*"};
    out.passing = text.is_const ? CppPassing::value : CppPassing::pointer;
  } else if (item.kind == Kind::record ||
             (!text.is_const && one.type.find('[') == std::string::npos &&
              !is_many_name(one.name))) {
    type = item;
    out.passing = text.is_const ? CppPassing::const_address : CppPassing::address;
  }
}

}  // namespace leyden::qa
