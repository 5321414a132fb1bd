#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "leyden/agents/qa/value.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// Classes that a test can make, by their names in full: "Shop::Cart".
using RubyClasses = std::set<std::string, std::less<>>;

// What a type of YARD means: `Integer`, `Array<String>`, `Hash{Symbol => Integer}`, `String, nil`. Unknown where it names what we can't make.
[[nodiscard]] Type ruby_type(std::string_view text, const RubyClasses& classes,
                             std::size_t depth = 0);

// What YARD says of a method.
struct RubyDoc {
  std::map<std::string, std::string, std::less<>> parameters;  // Types as text, by name.
  std::string result;
};
[[nodiscard]] RubyDoc ruby_doc(std::string_view comment);

// The type of a parameter without a doc: by its default, by what bodies do with it, by its name. `scope` is where it is looked for: a method's body, or that of the
// class whose constructor keeps it as `@name`.
[[nodiscard]] Type ruby_guess(std::string_view name, syntax::Node fallback, syntax::Node scope,
                              std::string_view text);

// What a core class's own value is like; unknown for others. `class Integer` in a file gives its numbers a method.
[[nodiscard]] Type ruby_core_type(std::string_view class_name);

}  // namespace leyden::qa
