#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "leyden/agents/qa/compiled/schemata.h"
#include "leyden/agents/qa/cpp/cpp_declarations.h"
#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// What C++ needs to know of a function beyond qa::Function.
struct CppCallable {
  CppFunction::Form form = CppFunction::Form::function;
  std::string name;        // "shop::total", a method's own name; of a conversion the type.
  std::string class_name;  // Of a method or constructor, as a test spells it: "shop::Stack<int>".
  std::vector<CppPassing> passing;   // Of each parameter.
  std::vector<std::string> lengths;  // Of C's arrays: the type of the length behind each.
  bool gives_nothing = false;        // void
};

// What says something about an object for a key or a place: "@.count({})".
struct CppKeyed {
  std::string text;
  std::string key;        // "std::string", "int"
  bool is_place = false;  // The first may be asked for.
};

// What an object writes itself to, and what that then says.
struct CppWriter {
  std::string type;        // "std::ostringstream", "shop::Printer"
  std::string statement;   // "@.print({});"
  std::string text;        // "{}.str()"
  bool is_c_text = false;  // const char*
};

// A type of the tested code that values are made of or that results have.
struct CppOwnType {
  enum class Kind : std::uint8_t { enumeration, aggregate, object };
  Kind kind = Kind::object;
  std::string name;                   // As a test spells it.
  std::vector<std::string> fields{};  // Public ones.
  // What says how an object is: "@.size()", "static_cast<bool>(@)".
  std::vector<std::string> observers{};
  std::vector<CppKeyed> keyed{};
  std::vector<std::string> takers{};  // The same of what may change it: "@.pop()".
  std::optional<CppWriter> writer{};
  bool is_gone_through = false;  // From begin() to end().
  std::vector<std::string> enumerators{};
  std::string maker{};  // "shop::Cart", "shop::Cart::empty"; nothing: none can be made.
  std::vector<Parameter> construction{};  // Arguments of the maker; an aggregate's fields.
  std::string ender{};                    // Of C's objects: "stack_free".
  // What only another object makes ("shop::Document"), with the first so many arguments; `maker` is that one's method then.
  std::string owner{};
  std::size_t owner_count = 0;
  bool is_pointed_at = false;  // The method gives a pointer.
  std::string in_place{};      // A structure of C that the maker fills: "csv_parser".

  // As values are made of it.
  [[nodiscard]] bool can_be_made() const {
    return !maker.empty() && owner.empty() && in_place.empty();
  }
};

struct CppSource {
  std::vector<Function> functions;
  std::vector<CppCallable> callables;  // Beside each.
  std::vector<CppOwnType> types;
  std::vector<BodySpan> bodies;        // Of functions, in the target.
  std::vector<std::size_t> declaring;  // Files that a test has to include.
  bool includes_source =
      false;  // No header declares its functions: a test includes the source itself.
  bool is_c = false;
  bool has_main = false;                  // Beside the functions of a C file.
  std::vector<std::string> prototypes{};  // Of C functions that no header declares.
  bool varies = false;  // Draws lots, looks at the clock or remembers from call to call.
};

// `files` are the target, last, and the headers of its project that it includes, before it. Callable is what these headers declare, or the
// target, if it is a header; of a source without headers all.
[[nodiscard]] CppSource cpp_source(const std::vector<CppFile>& files);

}  // namespace leyden::qa
