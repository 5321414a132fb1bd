#pragma once

#include <string>
#include <string_view>

#include "leyden/base/result.h"

namespace leyden::qa {

// TypeScript without its types: JavaScript of the same length, in which every line and column stays: what goes becomes spaces. Errors: invalid_argument
// (it does not parse), unsupported (what is more than types, with its line: enums, namespaces, parameter properties, decorators, `import x = require()`,
// `<T>value`).
[[nodiscard]] Result<std::string> javascript_of_typescript(std::string_view text);

}  // namespace leyden::qa
