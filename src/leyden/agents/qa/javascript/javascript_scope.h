#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "leyden/syntax/node.h"

namespace leyden::qa {

// What has a name in a file: where guesses and literals go on from a function's body. Nodes live as long as their tree.
struct JavascriptScope {
  std::string_view text;
  std::map<std::string, syntax::Node, std::less<>>
      definitions;                                             // Functions and classes of the top.
  std::map<std::string, syntax::Node, std::less<>> constants;  // Of the top, by their values.
  // Fields and methods of classes that a test can make.
  std::map<std::string, std::set<std::string_view>, std::less<>> attributes;

  // What a call runs: a function around `from` or of the file; `this.f`: a method of the class around it; the constructor of a class. Null: not known here.
  [[nodiscard]] syntax::Node called(syntax::Node from, std::string_view name) const;
};

[[nodiscard]] bool is_javascript_function(syntax::Node node);
[[nodiscard]] bool is_javascript_class(syntax::Node node);
[[nodiscard]] syntax::Node javascript_class_around(syntax::Node node);  // Its body.
// Fields, what methods assign to `this`, methods.
[[nodiscard]] std::set<std::string_view> javascript_attributes(syntax::Node of_class,
                                                               std::string_view text);

// Without parentheses, `as const` and `!`.
[[nodiscard]] syntax::Node bare_javascript(syntax::Node value);
// What a parameter or variable is called, or the pattern that takes it apart; without a type and a default.
[[nodiscard]] syntax::Node javascript_pattern(syntax::Node parameter);

}  // namespace leyden::qa
