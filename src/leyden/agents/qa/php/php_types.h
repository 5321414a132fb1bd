#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/value.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// What a file defines that a type may name.
struct PhpNames {
  std::set<std::string, std::less<>> classes;                          // That a test can make.
  std::map<std::string, std::vector<std::string>, std::less<>> enums;  // Cases, as source text.
};

// What a type of PHP or phpdoc means: `?int`, `int|string`, `int[]`, `array<string, int>`, `array{a: int}`, `callable`. `self` is `own`. Unknown where it names what
// we can't make.
[[nodiscard]] Type php_type(std::string_view text, const PhpNames& names, std::string_view own,
                            std::size_t depth = 0);

// What phpdoc says of a function: types as text, a parameter's by its name without the $.
struct PhpDoc {
  std::map<std::string, std::string, std::less<>> parameters;
  std::string result;
};
[[nodiscard]] PhpDoc php_doc(std::string_view comment);

// The type of a parameter that says none, or only `array`: by its default, by what a body does with it (also as `$this->name`), by its name.
[[nodiscard]] Type php_guess(std::string_view name, syntax::Node fallback, syntax::Node scope,
                             std::string_view text);

}  // namespace leyden::qa
