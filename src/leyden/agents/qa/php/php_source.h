#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/doc_example.h"
#include "leyden/agents/qa/function.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

// A method of an enumeration is called on one of its cases: its construction is one parameter of this name.
inline constexpr const char* kEnumCase = "::case";

struct PhpSource {
  std::string space;  // The namespace; empty: none.
  std::vector<Function> functions;
  std::vector<DocExample> examples;
};

// What a test can call in a PHP file: functions, public methods of classes that can be made, static ones, methods of enumerations. Types come from declarations and
// phpdoc; where there are none, from defaults, names and what bodies do with a parameter.
[[nodiscard]] PhpSource php_source(const syntax::Tree& tree, std::string_view text);

}  // namespace leyden::qa
