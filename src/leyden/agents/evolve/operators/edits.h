#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/operators/program.h"
#include "leyden/agents/evolve/random.h"

namespace leyden::evolve {

// What a small change of a syntax tree is. (Mutation operators after Offutt and others, ACM TOSEM 5(2), 1996; statements as in
// GenProg, Le Goues and others, IEEE TSE 38(1), 2012.)
enum class EditKind {
  number,     // Another number: one more, one less, twice, half, negative, a step of some percent.
  sign,       // Another operator of its kind.
  truth,      // true becomes false.
  negate,     // A condition is turned round.
  arguments,  // Two arguments or operands change places.
  operand,    // An operation becomes one of its operands.
  one_off,    // A name becomes that plus or minus one.
  name,       // A name becomes another one of the same function.
  remove,     // A statement goes.
  repeat,     // A statement stands twice.
  swap,       // Two neighbouring statements change places.
  text,       // A string is changed within.
};
inline constexpr std::size_t kEditKinds = 12;
[[nodiscard]] std::string_view to_string(EditKind kind);

// A place where such a change can be made.
struct Site {
  EditKind kind{};
  syntax::Node node;
};

struct Edit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
  std::string what;  // "line 3: < becomes <=".
};

// Whether nodes of the type hold statements, one after the other.
[[nodiscard]] bool holds_statements(std::string_view type);

// Where a program can be changed, in the order of its text. Valid as long as the program.
[[nodiscard]] std::vector<Site> sites_of(const Program& program);

// A change at the site; nullopt where the dice found none.
[[nodiscard]] std::optional<Edit> edit_at(const Program& program, const Site& site, Random& random);

// The text with the change; nullopt when it has new syntax errors or is as it was.
[[nodiscard]] std::optional<std::string> applied(const Program& program, const Edit& edit);

}  // namespace leyden::evolve
