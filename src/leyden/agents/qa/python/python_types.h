#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/value.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// What a file defines that annotations may name.
struct PythonNames {
  std::set<std::string, std::less<>> classes;  // That a test can make,
  std::map<std::string, std::set<std::string_view>, std::less<>>
      attributes;  // and what can be asked of their objects.
  std::map<std::string, std::vector<std::string>, std::less<>>
      enumerations;                                         // With their members: "Color.RED".
  std::map<std::string, std::string, std::less<>> aliases;  // `Mode = Literal["a", "b"]`.
  bool asks_whether_finite = false;             // isinf() and the like: numbers may be infinite.
  std::set<std::string, std::less<>> imported;  // Types of the standard library: "date", "Decimal".
};

// What an annotation means: `Optional[list[int]]`, `"Cart"`, `int | None`, `datetime.date`, `Literal["a", "b"]`. Unknown where it names what we
// can't make.
[[nodiscard]] Type python_annotation(std::string_view text, const PythonNames& names);

// The standard library's types of which values are made, when a file imports this: "datetime" brings four, "datetime.date" one.
[[nodiscard]] std::vector<std::string_view> python_types_of_import(std::string_view module);

// The type of a parameter without an annotation: by its default, by the types that the body asks for with isinstance(), by what it does with it (a class
// of the file that alone has all that is asked of it, say), by its name; where none tells anything, also what the file imports. `text` is what the nodes are of.
[[nodiscard]] Type python_guess(std::string_view name, syntax::Node fallback, syntax::Node body,
                                std::string_view text, const PythonNames& names);

// Texts that a parameter is compared with, where it is one.
[[nodiscard]] std::vector<std::string> python_compared_texts(std::string_view name,
                                                             syntax::Node body,
                                                             std::string_view text);

}  // namespace leyden::qa
