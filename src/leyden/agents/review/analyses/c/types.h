#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "leyden/agents/review/analyses/c/state.h"
#include "leyden/syntax/node.h"

namespace leyden::review::c {

// Types as they are written in a file, with the sizes that they have on 64-bit Unix. A type that the file does not explain is a unit of its own:
// 100 of it are less than 101, and neither is compared with bytes.
class Types {
 public:
  explicit Types(std::string_view text) : text_(text) {}

  // Of a declaration, parameter or type descriptor: what stands in front of the declarators.
  [[nodiscard]] Type base(syntax::Node declaration);
  // The type that a declarator makes of it; `name` is the identifier in it, null where there is none.
  [[nodiscard]] Type declared(Type base, syntax::Node declarator, syntax::Node& name);
  [[nodiscard]] Type named(std::string_view name);

 private:
  std::string_view text_;
  std::unordered_map<std::string, int> units_;
};

}  // namespace leyden::review::c
