#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"

namespace leyden::qa {

// TypeScript without its types: JavaScript in which every line stays.
struct StrippedTypescript {
  // What TypeScript does beside leaving types out: `this.x = x;` of a parameter property, an enumeration's object. Without an end of a line.
  struct Addition {
    std::size_t at = 0;  // A place in `text`.
    std::string text;
  };
  std::string text;  // As long as the source, every column stays: what goes becomes spaces.
  std::vector<Addition> additions;  // By place.

  // What runs: the text with its additions.
  [[nodiscard]] std::string whole() const;
};

// Done here, not by the project's own typescript or esbuild: those move columns, and not every project has one. Errors: invalid_argument (it does not
// parse), unsupported (what is more than types, with its line: namespaces, decorators, `import x = require()`, parameter properties that a field's own
// value may need, since their order is the project's choice).
[[nodiscard]] Result<StrippedTypescript> javascript_of_typescript(std::string_view text);

}  // namespace leyden::qa
