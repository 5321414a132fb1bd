#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/syntax/parser.h"

namespace leyden::syntax {

enum class DefinitionKind : std::uint8_t {
  function,
  method,  // A function of a class: constructors, destructors and operators, too.
  class_,
  struct_,  // A union, too.
  interface,
  trait,
  enum_,
  record,
  impl,
  module,  // Ruby's and Rust's; a namespace is one under another name.
  namespace_,
  type,  // A name for a type: Go's `type`, TypeScript's, a C++ concept.
  property,
  macro,
};
[[nodiscard]] std::string_view to_string(DefinitionKind kind);

// A named definition in a source file. Positions are bytes of the text; lines count from 1.
struct Definition {
  DefinitionKind kind{};
  std::string
      name;  // As it is written: "TokenCache::find", "operator==", "Cache" of Go's `func (c *Cache) Get` is in the signature.
  // What stands before the body, as one line of at most kSignatureBytes: "class TokenCache final : public Cache".
  std::string signature;
  std::size_t begin = 0;       // With the comments, decorators and attributes that belong to it.
  std::size_t name_begin = 0;  // Where the name is written.
  std::size_t end = 0;         // Behind its last character, and a ';' that ends it.
  std::size_t first_line = 1;  // Of `begin`.
  std::size_t last_line = 1;
  std::optional<std::size_t> parent;  // The one around it: an index of the answer.
  std::size_t depth = 0;              // How many are around it.
};

inline constexpr std::size_t kSignatureBytes = 160;
// What is nested deeper is left out.
inline constexpr std::size_t kDefinitionDepthMax = 24;

// The outline of a source file, in the order of `begin`; what a definition holds comes behind it and lies within it. `text` is what the
// tree was parsed from. Where the text does not parse, what could be made of it is there, and indentation says what stands in what, so
// that a missing bracket does not change the outline of all that follows.
// Linear time.
[[nodiscard]] std::vector<Definition> definitions(const Tree& tree, std::string_view text);

}  // namespace leyden::syntax
