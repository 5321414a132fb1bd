#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "leyden/syntax/definitions.h"

namespace leyden::syntax {

// Which nodes of a language's trees are definitions. Inside this module.
enum class NodeRole : std::uint8_t {
  none,
  definition,
  definition_with_body,  // A declaration of the name alone is none: `struct Node;`.
  definition_of_value,   // When its value is a function or a class: `const f = () => {}`.
  wrapper,  // Stands around a definition and belongs to it: decorators, `export`, `template <...>`.
  comment,  // Belongs to the definition below: comments, attributes.
};

struct NodeRule {
  std::string_view type;  // As the grammar names it.
  NodeRole role{};
  DefinitionKind kind{};
};

// In the order of likelihood; empty for a language without a grammar.
[[nodiscard]] std::span<const NodeRule> definition_rules(Language language);

}  // namespace leyden::syntax
