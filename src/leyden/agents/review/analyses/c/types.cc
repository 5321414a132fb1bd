#include "leyden/agents/review/analyses/c/types.h"

#include <algorithm>
#include <array>
#include <utility>

#include "leyden/agents/review/analyses/c/kinds.h"

namespace leyden::review::c {
namespace {

using syntax::Node;

struct Number {
  std::string_view name;
  int bytes;
  bool is_signed;
};
constexpr auto kNumbers = std::to_array<Number>({
    {"char", 1, true},       {"int8_t", 1, true},     {"uint8_t", 1, false},
    {"short", 2, true},      {"int16_t", 2, true},    {"uint16_t", 2, false},
    {"int", 4, true},        {"int32_t", 4, true},    {"uint32_t", 4, false},
    {"long", 8, true},       {"int64_t", 8, true},    {"uint64_t", 8, false},
    {"size_t", 8, false},    {"ssize_t", 8, true},    {"ptrdiff_t", 8, true},
    {"intptr_t", 8, true},   {"uintptr_t", 8, false}, {"off_t", 8, true},
    {"time_t", 8, true},     {"bool", 1, false},      {"_Bool", 1, false},
    {"uint", 4, false},      {"ulong", 8, false},     {"ushort", 2, false},
    {"u_char", 1, false},    {"u_int", 4, false},     {"uchar", 1, false},
    {"intmax_t", 8, true},   {"uintmax_t", 8, false}, {"wchar_t", 4, true},
    {"char16_t", 2, false},  {"char32_t", 4, false},  {"char8_t", 1, false},
    {"socklen_t", 4, false}, {"pid_t", 4, true},
});

}  // namespace

Type Types::named(std::string_view name) {
  if (name.starts_with("std::")) name.remove_prefix(5);
  Type out;
  if (const auto number = std::ranges::find(kNumbers, name, &Number::name);
      number != kNumbers.end()) {
    out.known = out.number = true;
    out.bytes = number->bytes;
    out.is_signed = number->is_signed;
    return out;
  }
  if (name == "float" || name == "double") {
    out.known = out.real = true;
    out.bytes = name == "float" ? 4 : 8;
    return out;
  }
  if (name == "void" || name == "auto" || name.empty()) return out;
  std::string key(name);
  for (const std::string_view word : {"struct ", "class ", "union "}) {
    if (key.starts_with(word)) key.erase(0, word.size());
  }
  if (key.starts_with('_')) key.erase(0, 1);  // typedef struct _point point
  out.unit = units_.try_emplace(key, static_cast<int>(units_.size()) + 1).first->second;
  out.single_class = true;
  return out;
}

Type Types::base(Node declaration) {
  const Node type = declaration.field("type");
  const std::string_view written = type.text(text_);
  if (type.type() == "sized_type_specifier") {
    Type out;
    out.known = out.number = true;
    out.bytes = 4;
    int longs = 0;
    for (std::uint32_t i = 0; i < type.child_count(); ++i) {
      const std::string_view word = type.child(i).text(text_);
      if (word == "unsigned") out.is_signed = false;
      if (word == "short") out.bytes = 2;
      if (word == "char") out.bytes = 1;
      if (word == "long") ++longs;
      if (word == "double") out.real = true;
    }
    if (longs > 0) out.bytes = 8;
    if (out.real) {
      out.number = false;
      out.bytes = 16;
    }
    return out;
  }
  if (type.type().ends_with("_specifier") && type.type() != "enum_specifier") {
    const Node name = type.field("name");
    if (!name || type.type() == "placeholder_type_specifier" || type.type() == "decltype")
      return {};
    return named(name.text(text_));
  }
  if (type.type() == "enum_specifier") return named("int");
  return named(written);
}

// leyden:ignore common.complex-function follows the grammar of declarators
Type Types::declared(Type base, Node declarator, Node& name) {
  name = {};
  Type out = base;
  // From the outside in: the first that is met is applied last, but for the few shapes that values are kept of the order tells nothing.
  bool pointer = false;
  bool array = false;
  for (int depth = 0; depth < 32 && declarator; ++depth) {
    const std::string_view type = declarator.type();
    const Kind kind = kind_of(declarator);
    if (kind == Kind::identifier || type == "field_identifier" || type == "type_identifier") {
      name = declarator;
      break;
    }
    if (kind == Kind::function_declarator || type == "abstract_function_declarator") {
      name = {};
      return {};
    }
    if (kind == Kind::pointer_declarator || type == "abstract_pointer_declarator") {
      const bool nested = pointer || array;
      pointer = true;
      const Type item = out;
      out = {};
      out.known = out.pointer = true;
      out.bytes = 8;
      out.item_known = item.known && !item.array;
      out.item_bytes = item.bytes;
      out.item_unit = item.unit;
      out.item_number = item.number || item.pointer || item.real;
      if (nested && array) {
        name = {};
        return {};
      }
    } else if (kind == Kind::array_declarator || type == "abstract_array_declarator") {
      if (array) {  // Rows of rows: not kept.
        out = {};
        out.reference = true;
      } else {
        array = true;
        const Type item = out;
        out = {};
        out.array = true;
        out.item_known = item.known;
        out.item_bytes = item.bytes;
        out.item_unit = item.unit;
        out.item_number = item.number || item.pointer || item.real;
        out.single_class = item.single_class;
        out.reference = item.reference;
      }
    } else if (kind == Kind::reference_declarator) {
      out.reference = true;
      declarator = declarator.named_child(0);
      continue;
    } else if (kind == Kind::parenthesized_declarator || kind == Kind::init_declarator) {
      if (kind == Kind::parenthesized_declarator) {
        declarator = declarator.named_child(0);
        continue;
      }
    } else {
      return out;
    }
    declarator = declarator.field("declarator") ? declarator.field("declarator") : Node();
  }
  return out;
}

}  // namespace leyden::review::c
