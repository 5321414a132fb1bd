#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "leyden/agents/qa/cpp/cpp_declarations.h"
#include "leyden/agents/qa/cpp/cpp_types.h"
#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// A parameter as its function is called with it.
struct CppArgument {
  Parameter parameter;
  CppPassing passing = CppPassing::value;
  std::string
      length{};  // Of an array: the type of the parameter behind it, which says how long it is.
};

// Whether a name has one of these words, in lower case: "buf" and "len" are words of "buf_len" and "bufLen".
[[nodiscard]] bool has_word(const std::string& name, std::initializer_list<std::string_view> words);

// Whether a function of this name makes something: "stack_new", "parse", "NewElement".
[[nodiscard]] bool is_maker_name(const std::string& name);

// A pointer for what is written as an array of unknown or known length; "..." for one of arrays.
[[nodiscard]] std::string with_stars(std::string type);

// What a pointer to a value means, by its type, its name and the parameter behind it (`next`, or null): an array with its length, a text, the address of one. `out` is
// left as it is where nothing says so.
void take_pointer(const CppTypes& types, const CppParameter& one, const CppTypeText& text,
                  const Type& item, const CppParameter* next, CppArgument& out);

}  // namespace leyden::qa
