#pragma once

#include <string_view>
#include <vector>

#include "leyden/agents/qa/doc_example.h"
#include "leyden/agents/qa/function.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

struct RubySource {
  std::vector<Function> functions;
  std::vector<DocExample> examples;
};

// What a test can call in a Ruby file: methods of the top, public methods of classes, of modules those that they have themselves (`def self.f`, `class << self`,
// `module_function`, `extend self`). Types come from YARD's tags; where there are none, from defaults, names and what bodies do with a parameter. A method that
// yields takes a block as its last parameter, named "block".
[[nodiscard]] RubySource ruby_source(const syntax::Tree& tree, std::string_view text);

}  // namespace leyden::qa
