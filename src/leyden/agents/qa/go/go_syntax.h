#pragma once

#include <string_view>

#include "leyden/agents/qa/compiled/probes.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// (c *Cart) of a method's declaration.
struct GoReceiver {
  std::string_view name;
  syntax::Node type;  // Without the star.
  bool by_pointer = false;
};
[[nodiscard]] GoReceiver go_receiver(syntax::Node method, std::string_view text);

// Where probes go in Go (leyden_probes.go has what they call).
[[nodiscard]] const ProbeSyntax& go_probe_syntax();

}  // namespace leyden::qa
