#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/syntax/node.h"

namespace leyden::qa {

// A node and what stands there instead.
struct NodeChange {
  syntax::Node node;
  std::string text;
  std::string what;  // "reverse is left out"
};

// Changes of one node beyond those that all languages have (signs, numbers, truth values): conditions turned round, calls, statements and operands left out,
// methods that have an opposite, results that become nil.
[[nodiscard]] std::vector<NodeChange> ruby_changes(syntax::Node node, std::string_view text);
[[nodiscard]] std::vector<NodeChange> php_changes(syntax::Node node, std::string_view text);

}  // namespace leyden::qa
