#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/agents/qa/value.h"

namespace leyden::qa {

// How a parameter takes its argument. C's pointers: an address is never null, an array is followed by its length.
enum class CppPassing : std::uint8_t {
  value,
  reference,
  const_reference,
  moved,
  pointer,
  address,
  const_address,
  array,
  const_array,
};

// A type as C++ spells it, taken apart: no const, no reference.
struct CppTypeText {
  std::string name;  // "std::vector", "unsigned int", "Item"
  std::vector<std::string> arguments;
  std::size_t stars = 0;
  bool is_const = false;
  bool is_reference = false;
  bool is_moved = false;  // &&
  bool is_function = false;
};
[[nodiscard]] CppTypeText cpp_type_text(std::string_view text);

// The names of types that the files of a project declare, and what types stand for: `Type::name` is the type as a test spells it, without
// const and references, whatever its kind. Characters are of kind `bytes`, std::array is a tuple, pointers are optional, streams are those of texts.
class CppTypes {
 public:
  // Everything by its full name: "shop::Item".
  void add(const std::string& name, Type type) { known_[name] = std::move(type); }
  // What is passed where a reference to an abstract class is taken.
  void add_stand_in(const std::string& name, const Type& type) {
    stand_ins_.try_emplace(name, type);
  }
  // `text` is written in `scope`.
  void add_alias(const std::string& name, std::string text, std::string scope) {
    aliases_[name] = {std::move(text), std::move(scope)};
  }
  [[nodiscard]] const Type* find(const std::string& full_name) const;
  // The full name of what `name` means in `scope` ("shop::Cart"); empty: nothing that is known.
  [[nodiscard]] std::string resolved(const std::string& name, const std::string& scope) const;
  // Of kind unknown where no value can be made of it.
  [[nodiscard]] Type type_of(std::string_view text, const std::string& scope,
                             std::size_t depth = 0) const;

 private:
  // Of what is passed to be called: one of some lambdas.
  [[nodiscard]] Type callback_of(std::string_view signature, std::string name,
                                 const std::string& scope, std::size_t depth) const;
  [[nodiscard]] Type template_of(const CppTypeText& text, const std::string& scope,
                                 std::size_t depth) const;
  std::map<std::string, Type> known_;
  std::map<std::string, Type> stand_ins_;
  std::map<std::string, std::pair<std::string, std::string>> aliases_;
};

// A class of another library that a number may well make: `kind` is integer, and `name` is to be called with it. Whether that is so
// the compiler says.
[[nodiscard]] bool is_cpp_foreign(const Type& type);

// Whether it is one of some source texts that no enumeration names: a lambda, a null.
[[nodiscard]] bool is_cpp_chosen(const Type& type);

// Least and largest value of an integer type.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> cpp_integer_range(const std::string& name);

}  // namespace leyden::qa
