#pragma once

#include <string>
#include <string_view>

namespace leyden::qa {

// Tests with jest's expectations, as vitest has them too, in the words of node:assert/strict: `expect(f(1)).toBe(2)` is
// `assert.strictEqual(f(1), 2)`. What has no such word stays as it is.
[[nodiscard]] std::string node_assertions_of(std::string_view code);

}  // namespace leyden::qa
